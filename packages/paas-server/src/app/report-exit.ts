import {
  errorOf,
  frameResultSchema,
  orderSchema,
  outcomeNumber,
  receiptSchema,
  resultHashOf,
  STREAMS,
  unitsOf,
  type Exited,
  type FrameResult,
  type Order,
  type Receipt,
} from "@nebula/protocol";
import type { Hash } from "node:crypto";
import { z } from "zod";
import { type Charge, chargeOf, meteredMs, runLimit } from "../domain/meter.ts";
import { judgeExit, type Verdict } from "../domain/outcome.ts";
import { claimedAttempt, leaseLost, type AttemptRow } from "./attempt-row.ts";
import type { AppContext } from "./context.ts";
import { loseAttempt } from "./lose-attempt.ts";
import type { Sql } from "./ports.ts";
import { hashStored } from "./stored-output.ts";

type StreamOf = (typeof STREAMS)[number];
/** SHA-256 of a stream as far as it is stored, where it is remembered; null: read it again. */
export type RememberedHash = (stream: StreamOf, durable: number) => Hash | null;

/** What the rig is answered: from where output is missing, or the receipt to sign. */
export type ExitAnswer =
  | { readonly resend: Readonly<Record<StreamOf, number>> }
  | { readonly receipt: Receipt; readonly usedMs: number; readonly speedMilli: number };

interface JobTerms {
  readonly order: Order;
  readonly orderDigest: string;
  readonly speedMilli: number;
  readonly timeLimitMs: number;
  readonly isCancelRequested: boolean;
  readonly rigAddress: string;
}

async function readTerms(sql: Sql, attempt: AttemptRow): Promise<JobTerms> {
  const [row] = await sql.query<{
    order_json: unknown;
    order_digest: string;
    speed_milli: number;
    time_limit: number;
    is_cancelled: boolean;
    receipt_address: string;
  }>(
    `select j.order_json, j.order_digest, j.speed_milli, (j.spec->>'timeLimitMs')::float8 as time_limit,
       j.cancel_requested_at is not null as is_cancelled, r.receipt_address
     from job j, rig r where j.id = $1 and r.id = $2`,
    [attempt.job, attempt.rig],
  );
  if (row === undefined) throw leaseLost(attempt.id);
  return {
    order: orderSchema.parse(row.order_json),
    orderDigest: row.order_digest,
    speedMilli: row.speed_milli,
    timeLimitMs: row.time_limit,
    isCancelRequested: row.is_cancelled,
    rigAddress: row.receipt_address,
  };
}

async function durableBytes(sql: Sql, attemptId: string): Promise<Record<StreamOf, number>> {
  const rows = await sql.query<{ stream: StreamOf; durable: bigint }>(
    "select stream, durable from stream_cursor where attempt = $1",
    [attemptId],
  );
  const durable: Record<StreamOf, number> = { events: 0, stderr: 0 };
  for (const row of rows) durable[row.stream] = Number(row.durable);
  return durable;
}

interface Check {
  readonly exited: Exited;
  readonly durable: Record<StreamOf, number>;
  readonly hashOf: RememberedHash;
}

/** Whether the stored bytes are those that the rig says it sent. */
async function isSame(sql: Sql, { exited, durable, hashOf }: Check): Promise<boolean> {
  for (const stream of STREAMS) {
    if (durable[stream] !== exited.streams[stream].bytes) return false;
    const hash =
      hashOf(stream, durable[stream]) ?? (await hashStored(sql, { attemptId: exited.attempt, stream }));
    if (`0x${hash.copy().digest("hex")}` !== exited.streams[stream].sha256) return false;
  }
  return true;
}

function chargeFor(
  attempt: AttemptRow,
  terms: JobTerms,
  seen: { readonly exited: Exited; readonly verdict: Verdict; readonly exitedAt: number },
): Charge {
  const usedMs = meteredMs({
    runningAtMs: attempt.running_at === null ? null : Number(attempt.running_at),
    exitedAtMs: seen.exitedAt,
    unleasedMs: Number(attempt.unleased_ms),
    rigUsedMs: seen.exited.usedMs,
    runMs: runLimit(terms.timeLimitMs, { ...terms.order, speedMilli: terms.speedMilli }).runMs,
  });
  return chargeOf(seen.verdict.outcome, usedMs, { ...terms.order, speedMilli: terms.speedMilli });
}

interface Drawn {
  readonly receipt: Receipt;
  readonly charge: Charge;
  readonly verdict: Verdict;
}

function drawReceipt(attempt: AttemptRow, terms: JobTerms, exited: Exited): Drawn {
  const result: FrameResult | null = frameResultSchema.nullable().parse(attempt.result);
  const verdict = judgeExit({
    exit: exited.exit,
    claimed: exited.outcome,
    result,
    isCancelRequested: terms.isCancelRequested,
  });
  const exitedAt = Number(attempt.exited_at);
  const charge = chargeFor(attempt, terms, { exited, verdict, exitedAt });
  const receipt: Receipt = {
    order: terms.orderDigest,
    part: 0,
    rig: terms.rigAddress,
    units: unitsOf(charge.usedMs, terms.speedMilli),
    price: charge.price,
    start: Math.floor(Number(attempt.running_at ?? attempt.exited_at) / 1000),
    end: Math.floor(exitedAt / 1000),
    resultHash: resultHashOf(result?.artefacts ?? []),
    logRoot: exited.streams.events.sha256,
    outcome: outcomeNumber(verdict.outcome),
  };
  return { receipt, charge, verdict };
}

async function noteExit(ctx: AppContext, exited: Exited): Promise<void> {
  await ctx.db.query(
    `update attempt set state = 'exited', exited_at = coalesce(exited_at, $2), exit = $3
     where id = $1 and lease_state = 'held' and receipt is null`,
    [exited.attempt, ctx.clock.now(), JSON.stringify(exited)],
  );
}

async function disown(ctx: AppContext, attemptId: string, reason: string): Promise<never> {
  await loseAttempt(ctx, { attemptId, reason });
  throw leaseLost(attemptId);
}

async function storeDrawn(ctx: AppContext, attempt: AttemptRow, drawn: Drawn): Promise<void> {
  const { charge, verdict } = drawn;
  await ctx.db.query(
    "update attempt set receipt = $2, outcome = $3, used_ms = $4, failure_code = $5 where id = $1 and receipt is null",
    [
      attempt.id,
      JSON.stringify(z.encode(receiptSchema, drawn.receipt)),
      charge.outcome,
      charge.usedMs,
      verdict.failure,
    ],
  );
}

/**
 * Takes a rig's report that an attempt has ended. While output is missing, the answer says from where; then it is the unsigned receipt,
 * the same one however often it is asked for. The clock stops with the first report. An attempt whose stored output is not what the rig
 * says it sent, or on whose outcome rig and server differ, is given up uncharged. Throws `Conflict` (LEASE_LOST).
 */
export async function reportExit(
  ctx: AppContext,
  from: { readonly rigId: string; readonly exited: Exited },
  hashOf: RememberedHash,
): Promise<ExitAnswer> {
  const { exited, rigId } = from;
  const claim = { rigId, attemptId: exited.attempt, fence: exited.fence };
  await claimedAttempt(ctx.db, claim);
  await noteExit(ctx, exited);
  const attempt = await claimedAttempt(ctx.db, claim);
  if (attempt.lease_state !== "held" && attempt.state !== "sealed") throw leaseLost(attempt.id);
  const terms = await readTerms(ctx.db, attempt);
  if (attempt.receipt !== null)
    return {
      receipt: receiptSchema.parse(attempt.receipt),
      usedMs: Number(attempt.used_ms),
      speedMilli: terms.speedMilli,
    };
  const durable = await durableBytes(ctx.db, attempt.id);
  if (STREAMS.some((stream) => durable[stream] < exited.streams[stream].bytes)) return { resend: durable };
  if (!(await isSame(ctx.db, { exited, durable, hashOf })))
    return disown(ctx, attempt.id, "the output that arrived is not what the rig says it sent");
  const drawn = drawReceipt(attempt, terms, exited);
  if (drawn.verdict.outcome !== exited.outcome)
    return disown(ctx, attempt.id, "the rig's report of how the job ended does not hold together");
  if (drawn.receipt.resultHash !== exited.resultHash)
    throw errorOf(
      "INPUT_INVALID",
      `resultHash of attempt ${attempt.id} should be ${drawn.receipt.resultHash}`,
    );
  await storeDrawn(ctx, attempt, drawn);
  ctx.hints.give({ kind: "job", jobId: attempt.job });
  return { receipt: drawn.receipt, usedMs: drawn.charge.usedMs, speedMilli: terms.speedMilli };
}
