import type { AttemptReport } from "@nebula/protocol";
import { claimedAttempt, leaseLost } from "./attempt-row.ts";
import type { AppContext } from "./context.ts";

/** States from which each reported state may follow; a report that comes late or twice changes nothing. */
const BEFORE = {
  preparing: ["accepted"],
  running: ["accepted", "preparing"],
  stopping: ["accepted", "preparing", "running"],
} as const;

/**
 * Notes how far an attempt is. The clock that is charged starts with the first `running`. Idempotent. Throws `Conflict` (LEASE_LOST)
 * where the rig does not hold the lease.
 */
export async function reportState(ctx: AppContext, rigId: string, report: AttemptReport): Promise<void> {
  const [moved] = await ctx.db.query<{ job: string }>(
    `update attempt set state = $4, running_at = case when $4 = 'running' then coalesce(running_at, $5::bigint) else running_at end
     where id = $1 and rig = $2 and fence = $3 and lease_state = 'held' and state = any($6) returning job`,
    [report.attempt, rigId, report.fence, report.state, ctx.clock.now(), BEFORE[report.state]],
  );
  if (moved !== undefined) {
    ctx.hints.give({ kind: "job", jobId: moved.job });
    return;
  }
  const attempt = await claimedAttempt(ctx.db, { rigId, attemptId: report.attempt, fence: report.fence });
  if (attempt.lease_state !== "held") throw leaseLost(report.attempt);
}
