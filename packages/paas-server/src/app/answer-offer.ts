import { claimedAttempt, leaseLost, type LeaseClaim } from "./attempt-row.ts";
import type { AppContext } from "./context.ts";
import { lockJob } from "./job-row.ts";
import { loseAttemptIn } from "./lose-attempt.ts";
import type { Sql } from "./ports.ts";

/** Milliseconds for which a slot gets no offer after it declined one. */
const RETRY_MS = {
  "slot-busy": 5_000,
  "image-missing": 0,
  "disk-full": 60_000,
  draining: 60_000,
  "engine-away": 30_000,
} as const;
type DeclineReason = keyof typeof RETRY_MS;

const DECLINES: Readonly<Record<DeclineReason, string>> = {
  "slot-busy": "the rig was busy",
  "image-missing": "the rig does not have the kernel image",
  "disk-full": "the rig's disk is full",
  draining: "the rig takes no more jobs",
  "engine-away": "the rig's container engine does not answer",
};

/**
 * Makes an offer's lease held: the job runs, its attempt gets its number, and the transcript says that an attempt begins. Twice is the
 * same as once. Throws `Conflict` (LEASE_LOST) where the offer has expired; the rig must then be told to kill.
 */
export async function acceptOffer(ctx: AppContext, claim: LeaseClaim): Promise<void> {
  const jobId = await ctx.db.transaction((sql) => accept(sql, ctx, claim));
  if (jobId === null) return;
  ctx.hints.give({ kind: "job", jobId });
  ctx.hints.give({ kind: "output", jobId });
}

async function accept(sql: Sql, ctx: AppContext, claim: LeaseClaim): Promise<string | null> {
  const seen = await claimedAttempt(sql, claim);
  const job = await lockJob(sql, seen.job);
  const attempt = await claimedAttempt(sql, claim, "update");
  if (attempt.lease_state === "held" || attempt.lease_state === "released") return null;
  if (attempt.lease_state !== "offered" || job.state !== "queued") throw leaseLost(claim.attemptId);
  const at = ctx.clock.now();
  const no = job.attempt_no + 1;
  await sql.query(
    "update attempt set state = 'accepted', lease_state = 'held', lease_until = $2, accepted_at = $3, no = $4 where id = $1",
    [attempt.id, at + ctx.config.times.leaseMs, at, no],
  );
  await beginAttempt(sql, { jobId: job.id, attemptId: attempt.id, no, at });
  return job.id;
}

async function beginAttempt(
  sql: Sql,
  begin: { readonly jobId: string; readonly attemptId: string; readonly no: number; readonly at: number },
): Promise<void> {
  await sql.query(
    `with moved as (
       update job set state = 'running', attempt_no = $3, started_at = $4, last_seq = last_seq + 1 where id = $1 returning last_seq
     )
     insert into server_event (job, seq, attempt_no, at, frame)
     select $1, last_seq, $3, $4, jsonb_build_object('t', 'attempt', 'n', 0,
       'rig', (select r.name from attempt a join rig r on r.id = a.rig where a.id = $2),
       'reason', coalesce((select loss from attempt where job = $1 and no = $3 - 1), ''))
     from moved`,
    [begin.jobId, begin.attemptId, begin.no, begin.at],
  );
}

/** A rig's no to an offer. */
export interface Decline {
  readonly claim: LeaseClaim;
  readonly reason: DeclineReason;
  readonly detail: string;
}

/** Ends a declined offer: the job waits again, the slot rests a while. Does not count as an attempt. */
export async function declineOffer(ctx: AppContext, decline: Decline): Promise<void> {
  const { claim, reason, detail } = decline;
  const jobId = await ctx.db.transaction(async (sql) => {
    const attempt = await claimedAttempt(sql, claim);
    if (attempt.lease_state !== "offered") return null;
    await sql.query("update slot set retry_at = $3 where rig = $1 and id = $2", [
      attempt.rig,
      attempt.slot,
      ctx.clock.now() + RETRY_MS[reason],
    ]);
    return loseAttemptIn(sql, ctx, { attemptId: attempt.id, reason: DECLINES[reason] });
  });
  ctx.log.info({ attemptId: claim.attemptId, rigId: claim.rigId, reason, detail }, "offer declined");
  if (jobId !== null) ctx.hints.give({ kind: "queue" });
}
