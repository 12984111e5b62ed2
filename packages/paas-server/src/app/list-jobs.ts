import type { JobJson } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import { readJobPage } from "./read-job.ts";

export interface JobListRequest {
  readonly accountId: string;
  /** Id of the last job of the page before; null for the first page. */
  readonly before: string | null;
  readonly limit: number;
  readonly state: JobJson["state"] | null;
}

/** An account's jobs, newest first. `last`: id from which the next page goes on; null on the last page. */
export async function listJobs(
  ctx: AppContext,
  request: JobListRequest,
): Promise<{ readonly items: readonly JobJson[]; readonly last: string | null }> {
  const found = await readJobPage(ctx.db, { ...request, limit: request.limit + 1, nowMs: ctx.clock.now() });
  const items = found.slice(0, request.limit);
  return { items, last: found.length > request.limit ? (items.at(-1)?.id ?? null) : null };
}
