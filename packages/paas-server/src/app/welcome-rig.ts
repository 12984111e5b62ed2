import { errorOf, type Hello, type Welcome } from "@nebula/protocol";
import { classOfSlot } from "../domain/classes.ts";
import { acceptOffer } from "./answer-offer.ts";
import type { AppContext } from "./context.ts";
import { loseAttempt } from "./lose-attempt.ts";
import type { RigSessionId } from "./open-rig-session.ts";
import type { Sql } from "./ports.ts";

interface Live {
  readonly id: string;
  readonly fence: bigint;
  readonly lease_state: "offered" | "held";
  readonly offer_sent_at: bigint | null;
}

function liveAttempts(ctx: AppContext, rigId: string): Promise<readonly Live[]> {
  return ctx.db.query<Live>(
    "select id, fence, lease_state, offer_sent_at from attempt where rig = $1 and lease_state in ('offered', 'held')",
    [rigId],
  );
}

async function writeRig(sql: Sql, session: RigSessionId, hello: Hello): Promise<void> {
  const rows = await sql.query(
    `update rig set inventory = $3, measured_speed_milli = $4, images = $5, boot_id = $6, connected = true,
       state = case when exists (select 1 from slot s where s.rig = rig.id and s.attempt is not null) then 'busy' else 'available' end
     where id = $1 and epoch = $2 returning id`,
    [
      session.rigId,
      session.epoch,
      JSON.stringify(hello.inventory),
      hello.measured.speedMilli,
      JSON.stringify(hello.images),
      hello.bootId,
    ],
  );
  if (rows.length === 0) throw errorOf("RIG_SUPERSEDED", `A newer session of rig ${session.rigId} has begun`);
}

async function writeSlots(
  sql: Sql,
  ctx: AppContext,
  of: { readonly rigId: string; readonly hello: Hello },
): Promise<void> {
  const { rigId, hello } = of;
  const known = hello.slots.map((slot) => ({
    slot,
    found: classOfSlot(slot, hello.inventory, ctx.config.classes),
  }));
  await sql.query("delete from slot where rig = $1 and attempt is null and id <> all($2::text[])", [
    rigId,
    known.map(({ slot }) => slot.id),
  ]);
  for (const { slot, found } of known) {
    await sql.query(
      `insert into slot (rig, id, class_id, class, cpus, memory_mib, gpu_uuid) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (rig, id) do update set class_id = $3, class = $4, cpus = $5, memory_mib = $6, gpu_uuid = $7, retry_at = 0`,
      [
        rigId,
        slot.id,
        found?.classId ?? "none",
        found?.name ?? "none",
        slot.cpus,
        slot.memoryMiB,
        slot.gpuUuid,
      ],
    );
  }
}

async function writeFirstBeat(sql: Sql, rigId: string, at: number): Promise<void> {
  await sql.query(
    `insert into rig_beat (rig, at, body) values ($1, $2, '{}') on conflict (rig) do update set at = excluded.at`,
    [rigId, at],
  );
}

/** Takes over what the rig holds, gives up what it does not know of, and accepts offers whose answer was lost. */
async function reconcile(ctx: AppContext, rigId: string, hello: Hello): Promise<void> {
  const claimed = new Map(hello.attempts.map((entry) => [entry.attempt, entry]));
  for (const live of await liveAttempts(ctx, rigId)) {
    const entry = claimed.get(live.id);
    const isItsOwn = entry !== undefined && BigInt(entry.fence) === live.fence;
    if (!isItsOwn && live.lease_state === "offered" && live.offer_sent_at === null) continue;
    if (!isItsOwn)
      await loseAttempt(ctx, { attemptId: live.id, reason: "the rig restarted and no longer had the job" });
    else if (live.lease_state === "offered")
      await acceptOffer(ctx, { rigId, attemptId: live.id, fence: entry.fence });
  }
}

interface Kept {
  readonly id: string;
  readonly fence: bigint;
  readonly events: bigint;
  readonly stderr: bigint;
}

/** Attempts that the rig named and still holds, their leases renewed, with what is stored of their output. */
async function renewNamed(ctx: AppContext, rigId: string, hello: Hello): Promise<readonly Kept[]> {
  const now = ctx.clock.now();
  return ctx.db.query<Kept>(
    `update attempt a set unleased_ms = a.unleased_ms + greatest(0, $4 - a.lease_until), lease_until = $5
     from unnest($2::text[], $3::bigint[]) as n(id, fence)
     where a.id = n.id and a.fence = n.fence and a.rig = $1 and a.lease_state = 'held'
     returning a.id, a.fence,
       (select durable from stream_cursor where attempt = a.id and stream = 'events') as events,
       (select durable from stream_cursor where attempt = a.id and stream = 'stderr') as stderr`,
    [
      rigId,
      hello.attempts.map((entry) => entry.attempt),
      hello.attempts.map((entry) => entry.fence),
      now,
      now + ctx.config.times.leaseMs,
    ],
  );
}

/**
 * Takes a rig's hello: what it has, its slots and their classes, and the attempts it holds. Answers which of these go on, from which
 * byte, and which must be killed. Idempotent. Throws `Conflict` (RIG_SUPERSEDED) where a newer session has begun.
 */
export async function welcomeRig(ctx: AppContext, session: RigSessionId, hello: Hello): Promise<Welcome> {
  const { rigId } = session;
  await reconcile(ctx, rigId, hello);
  await ctx.db.transaction(async (sql) => {
    await writeSlots(sql, ctx, { rigId, hello });
    await writeRig(sql, session, hello);
    await writeFirstBeat(sql, rigId, ctx.clock.now());
  });
  const kept = await renewNamed(ctx, rigId, hello);
  ctx.hints.give({ kind: "queue" });
  const { beatMs, leaseMs, deadManMs } = ctx.config.times;
  return {
    beatMs,
    leaseMs,
    deadManMs,
    keep: kept.map((row) => ({
      attempt: row.id,
      fence: Number(row.fence),
      durable: { events: Number(row.events), stderr: Number(row.stderr) },
    })),
    kill: hello.attempts
      .filter((entry) => !kept.some((row) => row.id === entry.attempt))
      .map((entry) => entry.attempt),
  };
}
