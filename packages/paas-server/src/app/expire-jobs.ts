import { failureOf } from "../domain/outcome.ts";
import type { AppContext } from "./context.ts";
import { endJob } from "./end-job.ts";
import { lockJob } from "./job-row.ts";

/** Jobs that waited until their order ran out and are offered to nobody. */
async function outdatedJobs(ctx: AppContext): Promise<readonly string[]> {
  const rows = await ctx.db.query<{ id: string }>(
    `select j.id from job j where j.state = 'queued' and (j.order_json->>'expiry')::bigint * 1000 <= $1
       and not exists (select 1 from attempt a where a.job = j.id and a.lease_state in ('offered', 'held'))`,
    [ctx.clock.now()],
  );
  return rows.map((row) => row.id);
}

async function expireJob(ctx: AppContext, jobId: string): Promise<void> {
  await ctx.db.transaction(async (sql) => {
    const job = await lockJob(sql, jobId);
    const offered = await sql.query(
      "select 1 from attempt where job = $1 and lease_state in ('offered', 'held')",
      [jobId],
    );
    if (job.state !== "queued" || offered.length > 0) return;
    const at = ctx.clock.now();
    await endJob(sql, {
      job,
      state: "failed",
      failure: failureOf("NO_RIG"),
      usedMs: 0,
      price: 0n,
      rigId: null,
      receiptHash: null,
      at,
    });
  });
  ctx.hints.give({ kind: "job", jobId });
}

/** Fails, uncharged, every job for which no rig was found while its order held; returns how many. */
export async function expireJobs(ctx: AppContext): Promise<number> {
  const outdated = await outdatedJobs(ctx);
  for (const jobId of outdated) await expireJob(ctx, jobId);
  return outdated.length;
}
