import type { AppContext } from "./context.ts";
import { requireOwnJob } from "./job-row.ts";
import { storedBytes } from "./stored-output.ts";

/**
 * The raw event stream of a job's last attempt, for its owner: a few chunks are in memory at a time, however long it is. Empty where no
 * rig has taken the job. Throws `NotFound` (JOB_UNKNOWN).
 */
export async function readLog(
  ctx: AppContext,
  of: { readonly accountId: string; readonly jobId: string },
): Promise<AsyncIterable<Uint8Array>> {
  await requireOwnJob(ctx.db, of.accountId, of.jobId);
  const [attempt] = await ctx.db.query<{ id: string }>(
    "select id from attempt where job = $1 and no is not null order by no desc limit 1",
    [of.jobId],
  );
  return attempt === undefined ? nothing() : storedBytes(ctx.db, { attemptId: attempt.id, stream: "events" });
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* [];
}
