import { crc32 } from "node:zlib";
import {
  OUT_CHUNK_BYTES_MAX,
  OUT_WINDOW_BYTES,
  RIG_TIMES,
  STREAMS,
  type NebulaError,
  type StreamName,
} from "@nebula/protocol";
import type { Clock, Session } from "./ports.ts";
import { isFinal } from "./uplink.ts";

/*
 * Carries an attempt's output from the spool to the server. Invariants:
 * O1. A chunk begins where the one before it ended, or where the server says that its own bytes end.
 * O2. At most `OUT_WINDOW_BYTES` are on their way.
 * O3. Nothing is sent before the server has welcomed the session and said what it has.
 */

const UNWATCHED_FLUSH_MS = 1_000;
/** A run is taken for watched in its first minute: whoever pressed the button is looking. */
const FIRST_MS = 60_000;
const RETRY_MS = 1_000;

type PerStream = Record<StreamName, number>;

export interface OutputParts {
  readonly attempt: string;
  readonly fence: number;
  readonly clock: Clock;
  readonly read: (stream: StreamName, range: { offset: number; size: number }) => Promise<Buffer>;
  /** The server refused the output for good. */
  readonly onRefused: (error: NebulaError) => void;
}

/** The output of one attempt on its way to the server. */
export class OutputLoop {
  readonly #parts: OutputParts;
  readonly #startedMs: number;
  #session: Session | null = null;
  // Replies to chunks of an earlier round say nothing about this one.
  #round = 0;
  #isSending = false;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #isWatched = false;
  #isEnded = false;
  readonly #available: PerStream = { events: 0, stderr: 0 };
  readonly #sent: PerStream = { events: 0, stderr: 0 };
  readonly #durable: PerStream = { events: 0, stderr: 0 };
  #drained: (() => void)[] = [];

  constructor(parts: OutputParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotoneMs();
  }

  /** Bytes in the spool. */
  get available(): Readonly<PerStream> {
    return { ...this.#available };
  }

  /** The spool has grown. */
  grown(sizes: Readonly<PerStream>): void {
    for (const stream of STREAMS) this.#available[stream] = Math.max(this.#available[stream], sizes[stream]);
    this.#kick();
  }

  watched(isWatched: boolean): void {
    this.#isWatched = isWatched;
    this.#kick();
  }

  /** A session is there; `durable` is what the server has of each stream. */
  resume(session: Session, durable: Partial<PerStream>): void {
    this.#session = session;
    this.rewind(durable);
  }

  /** Goes on from where the server's bytes end. */
  rewind(durable: Partial<PerStream>): void {
    this.#round += 1;
    for (const stream of STREAMS) {
      this.#durable[stream] = durable[stream] ?? this.#durable[stream];
      this.#sent[stream] = this.#durable[stream];
    }
    this.#settle();
    this.#kick();
  }

  /** The session has ended: nothing is sent until the next. */
  suspend(): void {
    this.#session = null;
    this.#round += 1;
  }

  /** No more output will come: what is left goes at once. Resolves when the server has all of it. */
  async drained(): Promise<void> {
    this.#isEnded = true;
    const done = new Promise<void>((resolve) => this.#drained.push(resolve));
    this.#settle();
    this.#kick();
    await done;
  }

  stop(): void {
    this.suspend();
    if (this.#timer) clearTimeout(this.#timer);
    for (const wake of this.#drained.splice(0)) wake();
  }

  #kick(): void {
    if (this.#isSending || !this.#session || !this.#next()) return;
    const waitMs = this.#waitMs();
    if (waitMs <= 0) {
      void this.#send(this.#session);
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#kick();
    }, waitMs);
  }

  // The first chunk of a burst goes at once; what follows is gathered.
  #waitMs(): number {
    const pending = STREAMS.reduce((sum, stream) => sum + this.#available[stream] - this.#sent[stream], 0);
    if (this.#isEnded || pending >= OUT_CHUNK_BYTES_MAX) return 0;
    const now = this.#parts.clock.monotoneMs();
    const isLookedAt = this.#isWatched || now - this.#startedMs < FIRST_MS;
    return this.#lastSentMs + (isLookedAt ? RIG_TIMES.flushMs : UNWATCHED_FLUSH_MS) - now;
  }

  #room(): number {
    return (
      OUT_WINDOW_BYTES - STREAMS.reduce((sum, stream) => sum + this.#sent[stream] - this.#durable[stream], 0)
    );
  }

  #next(): StreamName | null {
    if (this.#room() <= 0) return null;
    return STREAMS.find((stream) => this.#available[stream] > this.#sent[stream]) ?? null;
  }

  async #send(session: Session): Promise<void> {
    const stream = this.#next();
    if (!stream) return;
    const round = this.#round;
    this.#isSending = true;
    try {
      await this.#sendChunk(session, stream);
    } catch (error) {
      this.#retry(round, error);
    } finally {
      this.#isSending = false;
    }
    this.#kick();
  }

  async #sendChunk(session: Session, stream: StreamName): Promise<void> {
    const round = this.#round;
    const offset = this.#sent[stream];
    const size = Math.min(OUT_CHUNK_BYTES_MAX, this.#available[stream] - offset, this.#room());
    const data = await this.#parts.read(stream, { offset, size });
    if (this.#round !== round || data.length === 0) return;
    this.#sent[stream] = offset + data.length;
    this.#lastSentMs = this.#parts.clock.monotoneMs();
    const { attempt, fence } = this.#parts;
    session.request("out", { attempt, fence, stream, offset, data, crc32: crc32(data) }).then(
      ({ durable }) => this.#acknowledged(round, { stream, end: offset + data.length, durable }),
      (error: unknown) => this.#retry(round, error),
    );
  }

  #acknowledged(round: number, reply: { stream: StreamName; end: number; durable: number }): void {
    if (this.#round !== round) return;
    if (reply.durable < reply.end) {
      this.rewind({ [reply.stream]: reply.durable });
      return;
    }
    this.#durable[reply.stream] = Math.max(
      this.#durable[reply.stream],
      Math.min(reply.durable, this.#sent[reply.stream]),
    );
    this.#settle();
    this.#kick();
  }

  #retry(round: number, error: unknown): void {
    if (this.#round !== round) return;
    if (isFinal(error)) {
      this.#parts.onRefused(error);
      return;
    }
    const session = this.#session;
    this.suspend();
    setTimeout(() => {
      // By then another session may have taken over.
      if (session && this.#session === null) this.resume(session, {});
    }, RETRY_MS);
  }

  #settle(): void {
    if (!this.#isEnded || STREAMS.some((stream) => this.#durable[stream] < this.#available[stream])) return;
    for (const wake of this.#drained.splice(0)) wake();
  }
}
