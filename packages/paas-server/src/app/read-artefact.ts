import { errorOf, type Artefact } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import { requireOwnJob } from "./job-row.ts";

/** One file of a job: what it is, and its bytes part by part. */
export interface ArtefactDownload {
  readonly artefact: Artefact;
  readonly bytes: AsyncIterable<Uint8Array>;
}

async function* partsOf(
  ctx: AppContext,
  of: { readonly attemptId: string; readonly path: string },
): AsyncGenerator<Uint8Array> {
  for (let after = -1; ;) {
    const [part] = await ctx.db.query<{ at_offset: bigint; body: Buffer }>(
      "select at_offset, body from artefact_part where attempt = $1 and path = $2 and at_offset > $3 order by at_offset limit 1",
      [of.attemptId, of.path, after],
    );
    if (part === undefined) return;
    after = Number(part.at_offset);
    yield part.body;
  }
}

/** A file that the job's last attempt left in `/job/out`, for the job's owner. Throws `NotFound` (JOB_UNKNOWN, ARTEFACT_UNKNOWN). */
export async function readArtefact(
  ctx: AppContext,
  of: { readonly accountId: string; readonly jobId: string; readonly path: string },
): Promise<ArtefactDownload> {
  await requireOwnJob(ctx.db, of.accountId, of.jobId);
  const [row] = await ctx.db.query<{ attempt: string; size_bytes: bigint; sha256: string }>(
    `select f.attempt, f.size_bytes, f.sha256 from artefact f join attempt a on a.id = f.attempt join job j on j.id = a.job and j.attempt_no = a.no
     where j.id = $1 and f.path = $2 and f.complete`,
    [of.jobId, of.path],
  );
  if (row === undefined) throw errorOf("ARTEFACT_UNKNOWN", `Job ${of.jobId} has no file ${of.path}`);
  return {
    artefact: { path: of.path, sizeBytes: Number(row.size_bytes), sha256: row.sha256 },
    bytes: partsOf(ctx, { attemptId: row.attempt, path: of.path }),
  };
}
