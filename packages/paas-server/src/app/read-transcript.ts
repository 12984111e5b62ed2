import type { TranscriptEvent } from "@nebula/protocol";
import { frameOfLine, hasPlace, kindOfLine, LINE_BYTES_MAX, NOTHING, splitLines } from "../domain/frames.ts";
import type { AppContext } from "./context.ts";
import { requireOwnJob } from "./job-row.ts";
import type { Sql } from "./ports.ts";
import { storedBytes } from "./stored-output.ts";

/** Which part of a job's transcript. */
export interface TranscriptQuery {
  readonly jobId: string;
  /** The last `seq` that is known already; 0: none. */
  readonly since: number;
  /** Most events. */
  readonly limit: number;
  /** Most bytes of frames, about; the first event comes whatever its size. */
  readonly bytesMax?: number;
}

interface ChunkRow {
  readonly attempt: string;
  readonly no: number;
  readonly at_offset: bigint;
  readonly body: Buffer;
  readonly line_start: bigint;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly received_at: bigint;
}
interface ServerEventRow {
  readonly seq: number;
  readonly attempt_no: number;
  readonly at: bigint;
  readonly frame: TranscriptEvent["frame"];
}

const BYTES_DEFAULT = 1024 * 1024;

async function nextChunk(sql: Sql, jobId: string, since: number): Promise<ChunkRow | null> {
  const [row] = await sql.query<ChunkRow>(
    `select c.attempt, a.no, c.at_offset, c.body, c.line_start, c.first_seq, c.last_seq, c.received_at
     from attempt a join lateral (
       select * from output_chunk o where o.attempt = a.id and o.last_seq > $2 order by o.last_seq limit 1
     ) c on true where a.job = $1 and a.no is not null order by c.last_seq limit 1`,
    [jobId, since],
  );
  return row ?? null;
}

/** The beginning of the chunk's first line, where it lies in chunks before. */
async function bytesBefore(sql: Sql, chunk: ChunkRow): Promise<readonly Buffer[]> {
  const start = Number(chunk.line_start);
  let missing = Number(chunk.at_offset) - start;
  const pieces: Buffer[] = [];
  if (missing <= 0) return pieces;
  for await (const bytes of storedBytes(sql, { attemptId: chunk.attempt, stream: "events" }, start)) {
    pieces.push(bytes.subarray(0, missing));
    missing -= bytes.length;
    if (missing <= 0) break;
  }
  return pieces;
}

/** Frames of the chunk after `since`, with their `seq`. */
async function eventsOf(
  sql: Sql,
  chunk: ChunkRow,
  since: number,
): Promise<{ readonly events: TranscriptEvent[]; readonly sizes: number[] }> {
  const pieces = await bytesBefore(sql, chunk);
  const before = { pieces, size: pieces.reduce((size, piece) => size + piece.length, 0) };
  const { lines } = splitLines(
    before.size > 0 && before.size < LINE_BYTES_MAX ? before : NOTHING,
    chunk.body,
  );
  const events: TranscriptEvent[] = [];
  const sizes: number[] = [];
  let seq = chunk.first_seq - 1;
  for (const line of lines) {
    if (!hasPlace(kindOfLine(line))) continue;
    seq += 1;
    if (seq <= since) continue;
    events.push({ seq, attemptNo: chunk.no, atMs: Number(chunk.received_at), frame: frameOfLine(line) });
    sizes.push(line.length);
  }
  return { events, sizes };
}

async function serverEvents(sql: Sql, query: TranscriptQuery): Promise<TranscriptEvent[]> {
  const rows = await sql.query<ServerEventRow>(
    "select seq, attempt_no, at, frame from server_event where job = $1 and seq > $2 order by seq limit $3",
    [query.jobId, query.since, query.limit],
  );
  return rows.map((row) => ({
    seq: row.seq,
    attemptNo: row.attempt_no,
    atMs: Number(row.at),
    frame: row.frame,
  }));
}

/** Page being filled: events ascend by one from `since + 1`. */
class Page {
  readonly events: TranscriptEvent[] = [];
  readonly #query: TranscriptQuery;
  #room: number;

  constructor(query: TranscriptQuery) {
    this.#query = query;
    this.#room = query.bytesMax ?? BYTES_DEFAULT;
  }

  get last(): number {
    return this.#query.since + this.events.length;
  }

  /** Takes the event if it is the next and there is room. */
  take(event: TranscriptEvent, size: number): boolean {
    if (event.seq !== this.last + 1 || this.isFull) return false;
    this.events.push(event);
    this.#room -= size;
    return true;
  }

  get isFull(): boolean {
    return this.events.length >= this.#query.limit || (this.events.length > 0 && this.#room <= 0);
  }
}

/** A page of events; `isFull`: more may follow at once. */
export interface EventPage {
  readonly events: readonly TranscriptEvent[];
  readonly isFull: boolean;
}

/** Events after `since`, ascending by one without gaps, read by cursor from the database: memory is that of one page. */
export async function readEvents(sql: Sql, query: TranscriptQuery): Promise<EventPage> {
  const page = new Page(query);
  const added = await serverEvents(sql, query);
  while (!page.isFull) {
    const next = added[0];
    if (next?.seq === page.last + 1) {
      page.take(next, 0);
      added.shift();
      continue;
    }
    const before = page.last;
    const chunk = await nextChunk(sql, query.jobId, before);
    if (chunk === null) break;
    const { events, sizes } = await eventsOf(sql, chunk, before);
    events.every((event, index) => page.take(event, sizes[index] ?? 0));
    if (page.last === before) break;
  }
  return { events: page.events, isFull: page.isFull };
}

/** A page of a job's transcript for its owner. `complete`: the job is over and nothing follows. Throws `NotFound` (JOB_UNKNOWN). */
export async function readTranscript(
  ctx: AppContext,
  query: TranscriptQuery & { readonly accountId: string },
): Promise<{ events: readonly TranscriptEvent[]; lastSeq: number; complete: boolean }> {
  await requireOwnJob(ctx.db, query.accountId, query.jobId);
  const [job] = await ctx.db.query<{ last_seq: number; ended_at: bigint | null }>(
    "select last_seq, ended_at from job where id = $1",
    [query.jobId],
  );
  const lastSeq = job?.last_seq ?? 0;
  const { events } = await readEvents(ctx.db, query);
  const reached = events.at(-1)?.seq ?? query.since;
  return { events, lastSeq, complete: job !== undefined && job.ended_at !== null && reached >= lastSeq };
}
