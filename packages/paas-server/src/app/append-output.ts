import { createHash, type Hash } from "node:crypto";
import { errorOf, frameResultSchema, progressSchema } from "@nebula/protocol";
import { hasPlace, kindOfLine, NOTHING, splitLines, type Split, type Unfinished } from "../domain/frames.ts";
import { leaseLost, type LeaseClaim } from "./attempt-row.ts";
import type { AppContext } from "./context.ts";
import type { Sql } from "./ports.ts";
import { storeArtefact } from "./store-artefact.ts";
import { hashStored, storedBytes, type StreamName } from "./stored-output.ts";

/** Bytes of a stream as they came. */
export interface Arrival {
  readonly claim: LeaseClaim;
  readonly stream: StreamName["stream"];
  /** Offset of the first byte in the stream. */
  readonly offset: number;
  readonly data: Uint8Array;
}

/** What is remembered of a stream between two arrivals, so that nothing is read back. It may be lost at any time. */
export interface StreamMemory {
  /** Bytes stored. */
  readonly durable: number;
  readonly rest: Unfinished;
  /** SHA-256 of all stored bytes. */
  readonly hash: Hash;
}

/** What an arrival led to. */
export interface Appended {
  readonly durable: number;
  readonly memory: StreamMemory;
}

/** Most stored bytes for each byte of transcript that a job may have: JSON escapes at most sixfold, and files come as base64. */
const GROWTH_MAX = 6;
const CONTROL_BYTES_MAX = 128 * 1024 * 1024;

interface CursorRow {
  readonly job: string;
  readonly durable: bigint;
  readonly line_start: bigint;
  readonly transcript_bytes: number;
}

/** Locks in the order of everybody else: the job (whose `last_seq` moves on), then the attempt, against the end of its lease. */
async function lockCursor(sql: Sql, arrival: Arrival): Promise<CursorRow> {
  const { claim, stream } = arrival;
  const [row] = await sql.query<CursorRow>(
    `with j as materialized (
       select id, (spec->>'transcriptBytes')::float8 as transcript_bytes from job
       where id = (select job from attempt where id = $1) for no key update
     )
     select a.job, c.durable, c.line_start, j.transcript_bytes
     from j join attempt a on j.id = a.job join stream_cursor c on c.attempt = a.id and c.stream = $4
     where a.id = $1 and a.rig = $2 and a.fence = $3 and a.lease_state = 'held' for update of c for share of a`,
    [claim.attemptId, claim.rigId, claim.fence, stream],
  );
  if (row === undefined) throw leaseLost(claim.attemptId);
  return row;
}

async function remembered(sql: Sql, arrival: Arrival, row: CursorRow): Promise<StreamMemory> {
  const of = { attemptId: arrival.claim.attemptId, stream: arrival.stream };
  const durable = Number(row.durable);
  if (durable === 0) return { durable, rest: NOTHING, hash: createHash("sha256") };
  const pieces: Buffer[] = [];
  for await (const bytes of storedBytes(sql, of, Number(row.line_start))) pieces.push(bytes);
  const rest = { pieces, size: pieces.reduce((size, piece) => size + piece.length, 0) };
  return { durable, rest, hash: await hashStored(sql, of) };
}

interface Effects {
  readonly places: number;
  readonly progress: unknown;
  readonly result: unknown;
  readonly artefacts: readonly Buffer[];
}

function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return null;
  }
}

function effectsOf(lines: readonly Buffer[]): Effects {
  let places = 0;
  let progress: Buffer | null = null;
  let result: Buffer | null = null;
  const artefacts: Buffer[] = [];
  for (const line of lines) {
    const kind = kindOfLine(line);
    if (hasPlace(kind)) places += 1;
    if (kind === "progress") progress = line;
    if (kind === "result") result = line;
    if (kind === "artefact") artefacts.push(line);
  }
  const checkedProgress =
    progress === null ? null : (progressSchema.safeParse(jsonOf(progress)).data ?? null);
  const checkedResult = result === null ? null : (frameResultSchema.safeParse(jsonOf(result)).data ?? null);
  return { places, progress: checkedProgress, result: checkedResult, artefacts };
}

const jsonOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

interface Write {
  readonly arrival: Arrival;
  readonly row: CursorRow;
  readonly body: Uint8Array;
  readonly split: Split;
  readonly at: number;
}

async function writeChunk(sql: Sql, write: Write): Promise<void> {
  const { arrival, row, body, split } = write;
  const effects = effectsOf(arrival.stream === "events" ? split.lines : []);
  const start = Number(row.durable);
  const end = start + body.length;
  await sql.query(
    `with moved as (
       update job set last_seq = last_seq + $5::integer, progress = coalesce($6::jsonb, progress) where id = $1 and $5::integer > 0 returning last_seq
     ), cursor as (
       update stream_cursor set durable = $7, line_start = $8 where attempt = $2 and stream = $3
     )
     insert into output_chunk (attempt, stream, at_offset, body, received_at, line_start, first_seq, last_seq)
     values ($2, $3, $4, $9, $10, $11, (select last_seq - $5::integer + 1 from moved), (select last_seq from moved))`,
    [
      row.job,
      arrival.claim.attemptId,
      arrival.stream,
      start,
      effects.places,
      jsonOrNull(effects.progress),
      end,
      end - split.rest.size,
      body,
      write.at,
      row.line_start,
    ],
  );
  if (effects.result !== null)
    await sql.query("update attempt set result = $2 where id = $1", [
      arrival.claim.attemptId,
      jsonOrNull(effects.result),
    ]);
  for (const line of effects.artefacts) await storeArtefact(sql, arrival.claim.attemptId, line);
}

function refuseFlood(arrival: Arrival, row: CursorRow): void {
  const most = row.transcript_bytes * GROWTH_MAX + CONTROL_BYTES_MAX;
  if (Number(row.durable) <= most) return;
  throw errorOf(
    "INPUT_INVALID",
    `The output of attempt ${arrival.claim.attemptId} passes ${most} bytes; the rig must cap it`,
  );
}

interface Step extends Appended {
  readonly jobId: string | null;
  readonly stored: Uint8Array;
}

async function append(
  sql: Sql,
  ctx: AppContext,
  given: { readonly arrival: Arrival; readonly memory: StreamMemory | null },
): Promise<Step> {
  const { arrival } = given;
  const row = await lockCursor(sql, arrival);
  const durable = Number(row.durable);
  const memory = given.memory?.durable === durable ? given.memory : await remembered(sql, arrival, row);
  const known = durable - arrival.offset;
  // A gap before the first byte, or nothing new: the answer says from where to go on.
  if (known < 0 || known >= arrival.data.length)
    return { durable, memory, jobId: null, stored: new Uint8Array() };
  refuseFlood(arrival, row);
  const body = arrival.data.subarray(known);
  const split = arrival.stream === "events" ? splitLines(memory.rest, body) : { lines: [], rest: NOTHING };
  await writeChunk(sql, { arrival, row, body, split, at: ctx.clock.now() });
  return {
    durable: durable + body.length,
    memory: { durable: durable + body.length, rest: split.rest, hash: memory.hash },
    jobId: row.job,
    stored: body,
  };
}

/**
 * Stores what follows the bytes already there, gives the frames that end in it their `seq`, and keeps progress, result and files, all in
 * one transaction. Bytes that came before are ignored; after a gap nothing is stored. The answer is the durable offset either way.
 * Throws `Conflict` (LEASE_LOST) where the rig does not hold the lease.
 */
export async function appendOutput(
  ctx: AppContext,
  arrival: Arrival,
  memory: StreamMemory | null,
): Promise<Appended> {
  const step = await ctx.db.transaction((sql) => append(sql, ctx, { arrival, memory }));
  // The hash moves on only after the commit, since a transaction may be tried again.
  if (step.stored.length > 0) step.memory.hash.update(step.stored);
  if (step.jobId !== null) ctx.hints.give({ kind: "output", jobId: step.jobId });
  return { durable: step.durable, memory: step.memory };
}
