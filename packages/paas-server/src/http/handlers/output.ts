import { basename } from "node:path/posix";
import { cancelJob } from "../../app/cancel-job.ts";
import { readArtefact } from "../../app/read-artefact.ts";
import { readLog } from "../../app/read-log.ts";
import { readTranscript } from "../../app/read-transcript.ts";
import type { Handlers } from "../handler.ts";

const BYTES = "application/octet-stream";

/** Routes by which a job's output is read, and by which it is stopped. */
export const outputHandlers = {
  cancelJob: (ctx, { params, caller }) =>
    cancelJob(ctx, {
      jobId: params.jobId,
      accountId: caller.account.id,
      permissions: caller.principal.permissions,
    }),
  getTranscript: async (ctx, { params, query, caller }) => {
    const page = await readTranscript(ctx, { ...query, jobId: params.jobId, accountId: caller.account.id });
    return { ...page, events: [...page.events] };
  },
  getLog: async (ctx, { params, caller }) => {
    const body = await readLog(ctx, { jobId: params.jobId, accountId: caller.account.id });
    return { contentType: BYTES, fileName: `${params.jobId}.jsonl`, body };
  },
  getArtefact: async (ctx, { params, query, caller }) => {
    const { artefact, bytes } = await readArtefact(ctx, {
      jobId: params.jobId,
      accountId: caller.account.id,
      path: query.path,
    });
    return { contentType: BYTES, fileName: basename(artefact.path), body: bytes };
  },
} satisfies Partial<Handlers>;
