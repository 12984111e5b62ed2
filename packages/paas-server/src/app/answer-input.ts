import { errorOf } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import { requireOwnJob } from "./job-row.ts";

/** An owner's answer to a question of his running job. */
export interface InputAnswer {
  readonly accountId: string;
  readonly jobId: string;
  readonly id: string;
  readonly value: string;
}

/** Hands the answer to the rig that runs the job. Throws `NotFound` (JOB_UNKNOWN), `Conflict` (STATE_STALE) where nothing runs, `Unavailable`. */
export async function answerInput(ctx: AppContext, answer: InputAnswer): Promise<void> {
  await requireOwnJob(ctx.db, answer.accountId, answer.jobId);
  const [live] = await ctx.db.query<{ id: string; rig: string; fence: bigint }>(
    "select id, rig, fence from attempt where job = $1 and lease_state = 'held' and exited_at is null",
    [answer.jobId],
  );
  if (live === undefined)
    throw errorOf("STATE_STALE", `Job ${answer.jobId} does not run, so nothing waits for an answer`);
  await ctx.rigs.send(live.rig, {
    t: "input",
    body: { attempt: live.id, fence: Number(live.fence), id: answer.id, value: answer.value },
  });
}
