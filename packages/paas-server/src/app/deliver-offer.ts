import { NebulaError, offerReplySchema, offerSchema, orderSchema, type Offer } from "@nebula/protocol";
import { z } from "zod";
import { runLimit } from "../domain/meter.ts";
import { acceptOffer, declineOffer } from "./answer-offer.ts";
import type { AppContext } from "./context.ts";
import { killFenced } from "./kill-fenced.ts";
import type { JobSpec } from "@nebula/protocol";

interface OfferRow {
  readonly id: string;
  readonly fence: bigint;
  readonly rig: string;
  readonly slot: string;
  readonly job: string;
  readonly spec: JobSpec;
  readonly image_tag: string;
  readonly class: string;
  readonly speed_milli: number;
  readonly order_json: unknown;
  readonly order_digest: string;
}

const PIDS_MAX = 512;

/** Takes the offer for sending: it is sent once, and from then on the rig may know of it. */
async function takeOffer(ctx: AppContext, attemptId: string): Promise<OfferRow | null> {
  const [row] = await ctx.db.query<OfferRow>(
    `update attempt a set offer_sent_at = $2 from job j
     where a.id = $1 and j.id = a.job and a.lease_state = 'offered' and a.offer_sent_at is null
     returning a.id, a.fence, a.rig, a.slot, a.job, j.spec, j.image_tag, j.class, j.speed_milli, j.order_json, j.order_digest`,
    [attemptId, ctx.clock.now()],
  );
  return row ?? null;
}

function offerOf(ctx: AppContext, row: OfferRow): Offer {
  const entry = ctx.config.classes.find((candidate) => candidate.name === row.class);
  const order = orderSchema.parse(row.order_json);
  const { spec } = row;
  return {
    attempt: row.id,
    fence: Number(row.fence),
    jobId: row.job,
    slot: row.slot,
    image: row.image_tag,
    document: {
      v: 1,
      attempt: row.id,
      cells: spec.cells.map(({ id, source, tags, role }) => ({ id, source, tags, role })),
      timeLimitMs: spec.timeLimitMs,
      secrets: [],
      env: {},
    },
    limits: {
      cpus: entry?.cpus ?? 1,
      memoryMiB: entry?.memoryMiB ?? 1_024,
      pids: PIDS_MAX,
      ...runLimit(spec.timeLimitMs, { ...order, speedMilli: row.speed_milli }),
      transcriptBytes: spec.transcriptBytes,
    },
    order,
    orderDigest: row.order_digest,
    domain: ctx.domainOf(),
  };
}

/**
 * Sends an offer to its rig and takes the answer. A rig that is not connected here is left to the replica that has it; no answer is left
 * to the rig's next beat or hello, which say whether it took the offer.
 */
export async function deliverOffer(
  ctx: AppContext,
  placed: { readonly attemptId: string; readonly rigId: string },
): Promise<void> {
  if (!ctx.rigs.isConnected(placed.rigId)) return;
  const row = await takeOffer(ctx, placed.attemptId);
  if (row === null) return;
  const claim = { rigId: row.rig, attemptId: row.id, fence: Number(row.fence) };
  try {
    const reply = offerReplySchema.parse(
      await ctx.rigs.send(row.rig, { t: "offer", body: z.encode(offerSchema, offerOf(ctx, row)) }),
    );
    if (reply.accepted) await acceptOffer(ctx, claim);
    else await declineOffer(ctx, { claim, reason: reply.reason, detail: reply.detail });
  } catch (error) {
    ctx.log.warn({ attemptId: row.id, rigId: row.rig, err: error }, "offer not answered");
    if (error instanceof NebulaError && error.code === "LEASE_LOST") await killFenced(ctx, claim);
  }
}

/** Sends what other replicas have offered to rigs that are connected here. */
export async function deliverOffers(ctx: AppContext, rigIds: readonly string[]): Promise<void> {
  if (rigIds.length === 0) return;
  const rows = await ctx.db.query<{ id: string; rig: string }>(
    "select id, rig from attempt where lease_state = 'offered' and offer_sent_at is null and rig = any($1)",
    [rigIds],
  );
  await Promise.all(rows.map((row) => deliverOffer(ctx, { attemptId: row.id, rigId: row.rig })));
}
