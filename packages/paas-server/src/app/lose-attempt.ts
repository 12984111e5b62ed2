import { ATTEMPTS_MAX } from "../domain/leases.ts";
import { failureOf } from "../domain/outcome.ts";
import { readAttempt, type AttemptRow } from "./attempt-row.ts";
import type { AppContext } from "./context.ts";
import { endJob } from "./end-job.ts";
import { lockJob, type LockedJob } from "./job-row.ts";
import type { Sql } from "./ports.ts";
import { requeueJob } from "./requeue-job.ts";

/** Which attempt is given up, and why, in plain words for the job's owner. */
export interface Loss {
  readonly attemptId: string;
  readonly reason: string;
}

/** Frees the slot that an attempt occupies. */
export async function freeSlot(sql: Sql, attempt: Pick<AttemptRow, "id" | "rig" | "slot">): Promise<void> {
  await sql.query("update slot set attempt = null where rig = $1 and id = $2 and attempt = $3", [
    attempt.rig,
    attempt.slot,
    attempt.id,
  ]);
}

/**
 * Gives up an attempt in the caller's transaction: its lease expires, its slot is free, and the job waits again, keeping its age. A
 * cancelled job ends instead, and so does one that has lost its last attempt; neither is charged. Nothing happens where the lease has
 * ended already. Returns the job's id, or null.
 */
export async function loseAttemptIn(sql: Sql, ctx: AppContext, loss: Loss): Promise<string | null> {
  const seen = await readAttempt(sql, loss.attemptId);
  if (seen === null) return null;
  const job = await lockJob(sql, seen.job);
  const attempt = await readAttempt(sql, loss.attemptId, "update");
  if (attempt === null || (attempt.lease_state !== "offered" && attempt.lease_state !== "held")) return null;
  await sql.query("update attempt set state = 'lost', lease_state = 'expired', loss = $2 where id = $1", [
    attempt.id,
    loss.reason,
  ]);
  await freeSlot(sql, attempt);
  await sendOn(sql, ctx, { job, wasHeld: attempt.lease_state === "held", reason: loss.reason });
  return job.id;
}

async function sendOn(
  sql: Sql,
  ctx: AppContext,
  from: { readonly job: LockedJob; readonly wasHeld: boolean; readonly reason: string },
): Promise<void> {
  const { job } = from;
  const at = ctx.clock.now();
  const free = { job, usedMs: 0, price: 0n, rigId: null, receiptHash: null, at } as const;
  if (job.cancel_requested_at !== null)
    return endJob(sql, { ...free, state: "cancelled", failure: failureOf("CANCELLED") });
  if (from.wasHeld && job.attempt_no >= ATTEMPTS_MAX)
    return endJob(sql, { ...free, state: "failed", failure: failureOf("RIG_LOST", from.reason) });
  return requeueJob(sql, job, ctx.config);
}

/** Gives up an attempt in its own transaction and tells whoever cares. */
export async function loseAttempt(ctx: AppContext, loss: Loss): Promise<void> {
  const jobId = await ctx.db.transaction((sql) => loseAttemptIn(sql, ctx, loss));
  if (jobId === null) return;
  ctx.log.warn({ attemptId: loss.attemptId, jobId, reason: loss.reason }, "attempt lost");
  ctx.hints.give({ kind: "job", jobId });
  ctx.hints.give({ kind: "queue" });
}
