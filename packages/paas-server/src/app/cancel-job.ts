import { errorOf, isTerminal, JOB_TRANSITIONS, type JobJson } from "@nebula/protocol";
import { failureOf } from "../domain/outcome.ts";
import type { AppContext } from "./context.ts";
import { endJob } from "./end-job.ts";
import { lockJob, type LockedJob } from "./job-row.ts";
import { freeSlot } from "./lose-attempt.ts";
import type { Sql } from "./ports.ts";
import { readJob } from "./read-job.ts";

/** Leave to cancel what others have submitted. */
const CANCEL_ANY = "job.cancel.any";

/** Who cancels what. */
export interface Cancellation {
  readonly accountId: string;
  readonly jobId: string;
  readonly permissions: readonly string[];
}

/** Ends offers of the job that no rig has taken. */
async function withdrawOffers(sql: Sql, jobId: string): Promise<void> {
  const offers = await sql.query<{ id: string; rig: string; slot: string }>(
    `update attempt set state = 'lost', lease_state = 'expired', loss = 'the job was cancelled' where job = $1 and lease_state = 'offered'
     returning id, rig, slot`,
    [jobId],
  );
  for (const offer of offers) await freeSlot(sql, offer);
}

async function cancel(sql: Sql, ctx: AppContext, job: LockedJob): Promise<string | null> {
  const at = ctx.clock.now();
  await sql.query("update job set cancel_requested_at = coalesce(cancel_requested_at, $2) where id = $1", [
    job.id,
    at,
  ]);
  if (job.state === "queued") {
    await withdrawOffers(sql, job.id);
    await endJob(sql, {
      job,
      state: "cancelled",
      failure: failureOf("CANCELLED"),
      usedMs: 0,
      price: 0n,
      rigId: null,
      receiptHash: null,
      at,
    });
    return null;
  }
  const [live] = await sql.query<{ id: string }>(
    "select id from attempt where job = $1 and lease_state = 'held'",
    [job.id],
  );
  return live?.id ?? null;
}

const isOver = (job: LockedJob): boolean =>
  isTerminal(JOB_TRANSITIONS, job.state) || ["finished", "failed", "cancelled"].includes(job.state);

/**
 * Cancels a job: a waiting one ends at once and costs nothing; a running one is interrupted and ends as its rig reports. A job that has
 * ended stays as it is. Idempotent. Throws `NotFound` (JOB_UNKNOWN) unless the caller owns the job or may cancel any.
 */
export async function cancelJob(ctx: AppContext, request: Cancellation): Promise<JobJson> {
  const { jobId, accountId } = request;
  const done = await ctx.db.transaction(async (sql) => {
    const job = await lockJob(sql, jobId);
    if (job.account !== accountId && !request.permissions.includes(CANCEL_ANY))
      throw errorOf("JOB_UNKNOWN", `There is no job ${jobId} of yours`);
    return isOver(job) ? null : { attemptId: await cancel(sql, ctx, job), owner: job.account };
  });
  if (done !== null) {
    if (done.attemptId !== null) ctx.hints.give({ kind: "cancel", attemptId: done.attemptId });
    ctx.hints.give({ kind: "job", jobId });
    ctx.hints.give({ kind: "balance", accountId: done.owner });
    ctx.hints.give({ kind: "queue" });
  }
  return readJob(ctx.db, jobId, ctx.clock.now());
}
