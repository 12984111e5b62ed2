import { frameArtefactSchema, type FrameArtefact } from "@nebula/protocol";
import type { Sql } from "./ports.ts";

/** Most bytes and files that one attempt may leave behind. */
const ARTEFACT_BYTES_MAX = 32 * 1024 * 1024;
const ARTEFACTS_MAX = 1_000;
const PATH_LENGTH_MAX = 1_024;

function isPlainPath(path: string): boolean {
  if (path === "" || path.length > PATH_LENGTH_MAX || path.startsWith("/")) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function parsed(line: Buffer): FrameArtefact | null {
  try {
    const frame = frameArtefactSchema.safeParse(JSON.parse(line.toString("utf8")));
    return frame.success && isPlainPath(frame.data.path) ? frame.data : null;
  } catch {
    return null;
  }
}

async function hasRoom(sql: Sql, attemptId: string, frame: FrameArtefact): Promise<boolean> {
  const [row] = await sql.query<{ count: bigint; size: bigint }>(
    "select count(*) as count, coalesce(sum(size_bytes), 0)::bigint as size from artefact where attempt = $1 and path <> $2",
    [attemptId, frame.path],
  );
  return (
    row !== undefined && row.count < ARTEFACTS_MAX && row.size + BigInt(frame.size) <= ARTEFACT_BYTES_MAX
  );
}

async function storePart(sql: Sql, attemptId: string, frame: FrameArtefact): Promise<void> {
  const body = Buffer.from(frame.data, "base64");
  if (frame.offset + body.length > frame.size) return;
  await sql.query(
    `with file as (
       insert into artefact (attempt, path, size_bytes, sha256) values ($1, $2, $3, $4)
       on conflict (attempt, path) do update set sha256 = artefact.sha256 returning 1
     )
     insert into artefact_part (attempt, path, at_offset, body) select $1, $2, $5, $6 from file on conflict do nothing`,
    [
      attemptId,
      frame.path,
      frame.size,
      `0x${frame.sha256.replace(/^0x/, "").toLowerCase()}`,
      frame.offset,
      body,
    ],
  );
}

/** Stores the part of a file that a line carries; the file counts once all its bytes are there and hash to what was said. */
export async function storeArtefact(sql: Sql, attemptId: string, line: Buffer): Promise<void> {
  const frame = parsed(line);
  if (frame === null || (frame.offset === 0 && !(await hasRoom(sql, attemptId, frame)))) return;
  if (frame.offset > 0) {
    const begun = await sql.query("select 1 from artefact where attempt = $1 and path = $2", [
      attemptId,
      frame.path,
    ]);
    if (begun.length === 0) return;
  }
  await storePart(sql, attemptId, frame);
  if (!frame.last) return;
  await sql.query(
    `update artefact f set complete = true from (
       select coalesce(sum(length(body)), 0) as size, encode(sha256(coalesce(string_agg(body, ''::bytea order by at_offset), ''::bytea)), 'hex') as hash
       from artefact_part where attempt = $1 and path = $2
     ) p where f.attempt = $1 and f.path = $2 and f.size_bytes = p.size and f.sha256 = '0x' || p.hash`,
    [attemptId, frame.path],
  );
}
