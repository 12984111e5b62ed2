import { Buffer } from "node:buffer";
import { frameResultSchema, outputFrameSchema, type TranscriptEvent } from "@nebula/protocol";

/** Longest line that is kept in one piece; a longer one is cut here, so that no rig can make a reader hold more. */
export const LINE_BYTES_MAX = 9 * 1024 * 1024;
const NEWLINE = 10;
const SHOWN_CHARACTERS = 2_000;

/** `event`: has a place in the transcript. `artefact`: part of a file. `other`: neither (a newer runner's, or `ready`). */
export type LineKind = "event" | "progress" | "result" | "artefact" | "other";

/** A line that has not ended yet: its bytes so far. */
export interface Unfinished {
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
}
export const NOTHING: Unfinished = { pieces: [], size: 0 };

/** Lines that end in a chunk, without their newline, and what is left over. */
export interface Split {
  readonly lines: readonly Buffer[];
  readonly rest: Unfinished;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(before: Unfinished, end: Buffer): Buffer {
  return before.size === 0 ? end : Buffer.concat([...before.pieces, end]);
}

/** Where the line that begins at `start` ends: at its newline, or where it becomes too long. Null: it goes on after the chunk. */
function endOfLine(
  chunk: Buffer,
  start: number,
  before: number,
): { readonly end: number; readonly next: number } | null {
  const newline = chunk.indexOf(NEWLINE, start);
  const longest = start + LINE_BYTES_MAX - before;
  if (newline !== -1 && newline <= longest) return { end: newline, next: newline + 1 };
  return chunk.length >= longest ? { end: longest, next: longest } : null;
}

/** Splits a chunk that follows `before`. The same bytes give the same lines, whatever the borders of the chunks were. */
export function splitLines(before: Unfinished, chunk: Uint8Array): Split {
  const bytes = viewOf(chunk);
  const lines: Buffer[] = [];
  let rest = before;
  let start = 0;
  for (let found = endOfLine(bytes, 0, rest.size); found !== null; found = endOfLine(bytes, start, 0)) {
    lines.push(joined(rest, bytes.subarray(start, found.end)));
    rest = NOTHING;
    start = found.next;
  }
  if (start < bytes.length)
    rest = { pieces: [...rest.pieces, bytes.subarray(start)], size: rest.size + bytes.length - start };
  return { lines, rest };
}

const KINDS: ReadonlyMap<string, LineKind> = new Map([
  ...[
    "stream",
    "display",
    "update_display",
    "clear_output",
    "error",
    "input_request",
    "status",
    "usage",
    "skipped",
  ].map((type) => [type, "event"] as const),
  ["progress", "progress"],
  ["result", "result"],
  ["artefact", "artefact"],
]);
const HEAD = /^\{"t":"([a-z_-]{1,20})"/;

/**
 * What a line is, by its first bytes only. `progress` and `result` are events too. A line that is not a frame counts as an event: it is
 * shown as text on stderr. An empty line is nothing.
 */
export function kindOfLine(line: Buffer): LineKind {
  if (line.length === 0) return "other";
  const type = HEAD.exec(line.toString("latin1", 0, 32))?.[1];
  return type === undefined ? "event" : (KINDS.get(type) ?? "other");
}

/** Whether lines of this kind have a `seq`. */
export function hasPlace(kind: LineKind): boolean {
  return kind === "event" || kind === "progress" || kind === "result";
}

type Frame = TranscriptEvent["frame"];

function unreadable(line: Buffer): Frame {
  const text = line.subarray(0, SHOWN_CHARACTERS).toString("utf8");
  const more = line.length > SHOWN_CHARACTERS ? ` [… ${line.length} bytes in all]` : "";
  return { t: "stream", n: line.length, cell: "", content: { name: "stderr", text: `${text}${more}\n` } };
}

function parsedJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return null;
  }
}

/** The frame of a line that has a place; a line that is none becomes text on stderr, never an exception. */
export function frameOfLine(line: Buffer): Frame {
  const value = parsedJson(line);
  const schema = kindOfLine(line) === "result" ? frameResultSchema : outputFrameSchema;
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : unreadable(line);
}
