import { estimateJob } from "../../app/estimate-job.ts";
import { listJobs } from "../../app/list-jobs.ts";
import { quoteJob } from "../../app/quote-job.ts";
import { readOwnJob } from "../../app/read-job.ts";
import { readReceipt } from "../../app/read-receipt.ts";
import { submitJob } from "../../app/submit-job.ts";
import { cursorAfter, idOfCursor } from "../cursor.ts";
import type { Handlers } from "../handler.ts";

/** Routes by which a job is priced, submitted and looked at. */
export const jobHandlers = {
  estimate: (ctx, { body, caller }) => estimateJob(ctx, { ...body, accountId: caller.account.id }),
  createQuote: (ctx, { body, caller, key, wire }) =>
    quoteJob(ctx, { ...body, account: caller.account, key, wire }),
  submitJob: (ctx, { body, caller, key, wire }) =>
    submitJob(ctx, { ...body, account: caller.account, key, wire }),
  getJob: (ctx, { params, caller }) =>
    readOwnJob(ctx.db, { jobId: params.jobId, accountId: caller.account.id, nowMs: ctx.clock.now() }),
  getReceipt: (ctx, { params, caller }) =>
    readReceipt(ctx, { jobId: params.jobId, accountId: caller.account.id }),
  listJobs: async (ctx, { query, caller }) => {
    const { items, last } = await listJobs(ctx, {
      accountId: caller.account.id,
      before: idOfCursor(query.cursor),
      limit: query.limit,
      state: query.state ?? null,
    });
    return { items: [...items], next: last === null ? null : cursorAfter(last) };
  },
} satisfies Partial<Handlers>;
