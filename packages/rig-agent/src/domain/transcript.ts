import { isDisplay, readLineHead, type LineHead } from "./frame-line.ts";

/*
 * Cuts a transcript to its cap, with exact accounts. Invariants:
 * T1. Users' bytes in head + users' bytes in tail + bytes of the closing `skipped` frame = users' bytes that came.
 * T2. Frames keep their order within head and within tail; `result` is the last frame.
 * T3. Control frames are never dropped; `progress` is thinned out and bounded.
 * T4. Head and tail together cost at most the cap.
 */

/** Where the parts of a transcript go. Calls come in order; the tail's segments have ascending numbers. */
export interface TranscriptSink {
  events(line: Buffer): void;
  stderr(line: Buffer): void;
  tail(segment: number, line: Buffer): void;
  dropTail(segment: number): void;
}

/** What the events end with, in order: bytes, or a segment of the tail. */
export type ClosingPart = { readonly bytes: Buffer } | { readonly segment: number };

export interface TranscriptLimits {
  /** Bytes of users' output that head and tail may hold together. */
  readonly capBytes: number;
  /** Bytes of control frames after which the runner is taken for broken. */
  readonly controlBytesMax: number;
  readonly stderrBytesMax: number;
}

interface Segment {
  readonly number: number;
  cost: number;
  payloadBytes: number;
  displays: number;
}

const HEAD_SHARE = 0.25;
const TAIL_SEGMENTS = 16;
const PROGRESS_EVERY_MS = 100;
const PROGRESS_BYTES_MAX = 4 * 1024 * 1024;

// A frame costs its payload, but at least a sixth of its line: frames with little in them still fill disks. Escapes in JSON make text at
// most six times as long, so that ordinary frames cost just their payload.
function costOf(line: Buffer, head: LineHead): number {
  return Math.max(head.payloadBytes, Math.ceil(line.length / 6));
}

function skippedFrame(fields: { bytes: number; displays: number; cut?: true }): Buffer {
  return Buffer.from(`${JSON.stringify({ t: "skipped", n: 0, ...fields })}\n`);
}

/** The cap of one attempt's events. */
export class Transcript {
  readonly #sink: TranscriptSink;
  readonly #limits: TranscriptLimits;
  readonly #headMax: number;
  readonly #tailMax: number;
  #headCost = 0;
  #isCut = false;
  #segments: Segment[] = [];
  #tailCost = 0;
  #skippedBytes = 0;
  #skippedDisplays = 0;
  #controlBytes = 0;
  #stderrBytes = 0;
  #progressBytes = 0;
  #progressAtMs = Number.NEGATIVE_INFINITY;
  #pendingProgress: Buffer | null = null;
  #result: Buffer | null = null;
  #isReady = false;

  constructor(sink: TranscriptSink, limits: TranscriptLimits) {
    this.#sink = sink;
    this.#limits = limits;
    this.#headMax = Math.floor(limits.capBytes * HEAD_SHARE);
    this.#tailMax = limits.capBytes - this.#headMax;
  }

  /** The runner has said that its kernel is there. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The runner has written its last frame. */
  get hasResult(): boolean {
    return this.#result !== null;
  }

  /** The runner's `result` frame, without its line end. */
  get result(): string | null {
    return this.#result?.toString("utf8").trimEnd() ?? null;
  }

  /** The runner writes more control frames than any program can cause. */
  get isControlFlooded(): boolean {
    return this.#controlBytes > this.#limits.controlBytesMax;
  }

  /** Takes one line with its line end. `nowMs` is on any monotone clock. */
  push(line: Buffer, nowMs: number): void {
    const head = readLineHead(line);
    switch (head.kind) {
      case "output":
        this.#pushOutput(line, head);
        return;
      case "control":
        this.#isReady ||= head.type === "ready";
        this.#control(line);
        return;
      case "progress":
        this.#pushProgress(line, nowMs);
        return;
      case "result":
        this.#result = Buffer.from(line);
        return;
      case "foreign":
        this.pushForeign(line);
    }
  }

  /** Takes bytes that are no frame: kept for diagnosis, up to a bound. */
  pushForeign(bytes: Buffer): void {
    const room = this.#limits.stderrBytesMax - this.#stderrBytes;
    if (room <= 0) return;
    const kept = bytes.subarray(0, room);
    this.#stderrBytes += kept.length;
    this.#sink.stderr(kept);
  }

  /** What closes the transcript: what was skipped, the tail, the last progress and the result. */
  closing(): readonly ClosingPart[] {
    const parts: ClosingPart[] = [];
    if (this.#isCut) {
      parts.push({ bytes: skippedFrame({ bytes: this.#skippedBytes, displays: this.#skippedDisplays }) });
      parts.push(...this.#segments.map(({ number }) => ({ segment: number })));
    }
    if (this.#pendingProgress) parts.push({ bytes: this.#pendingProgress });
    if (this.#result) parts.push({ bytes: this.#result });
    return parts;
  }

  #pushOutput(line: Buffer, head: LineHead): void {
    const cost = costOf(line, head);
    if (!this.#isCut && this.#headCost + cost <= this.#headMax) {
      this.#headCost += cost;
      this.#sink.events(line);
      return;
    }
    if (!this.#isCut) {
      this.#isCut = true;
      this.#sink.events(skippedFrame({ bytes: 0, displays: 0, cut: true }));
    }
    this.#pushTail(line, head, cost);
  }

  #pushTail(line: Buffer, head: LineHead, cost: number): void {
    let last = this.#segments.at(-1);
    if (!last || last.cost + cost > this.#tailMax / TAIL_SEGMENTS) {
      last = { number: (last?.number ?? 0) + 1, cost: 0, payloadBytes: 0, displays: 0 };
      this.#segments.push(last);
    }
    last.cost += cost;
    last.payloadBytes += head.payloadBytes;
    last.displays += isDisplay(head.type) ? 1 : 0;
    this.#tailCost += cost;
    this.#sink.tail(last.number, line);
    while (this.#tailCost > this.#tailMax) this.#dropOldest();
  }

  #dropOldest(): void {
    const oldest = this.#segments.shift();
    if (!oldest) return;
    this.#tailCost -= oldest.cost;
    this.#skippedBytes += oldest.payloadBytes;
    this.#skippedDisplays += oldest.displays;
    this.#sink.dropTail(oldest.number);
  }

  #pushProgress(line: Buffer, nowMs: number): void {
    this.#progressBytes += line.length;
    if (nowMs - this.#progressAtMs >= PROGRESS_EVERY_MS && this.#progressBytes <= PROGRESS_BYTES_MAX) {
      this.#progressAtMs = nowMs;
      this.#pendingProgress = null;
      this.#control(line);
      return;
    }
    this.#pendingProgress = Buffer.from(line);
  }

  #control(line: Buffer): void {
    this.#controlBytes += line.length;
    this.#sink.events(line);
  }
}
