import type { JobJson } from "@nebula/protocol";
import { setTimeout as pause } from "node:timers/promises";
import type { AppContext } from "../app/context.ts";
import { readEvents } from "../app/read-transcript.ts";
import type { CellsSocket } from "./cells-types.ts";
import { flushed } from "./flushed.ts";

/** Least time between two batches; the first event after a pause is never held back. */
const COALESCE_MS = 25;
const BATCH_BYTES_MAX = 256 * 1024;
const BATCH_EVENTS_MAX = 2_000;
const AFTER_FAULT_MS = 1_000;

const isOver = (job: JobJson): boolean => job.endedAtMs !== null;

/** What a viewer watches, and with what. */
export interface WatchParts {
  readonly ctx: AppContext;
  readonly socket: CellsSocket;
  readonly jobId: string;
  /** The last `seq` that the viewer has. */
  readonly since: number;
}

/**
 * One viewer of one job: reads the transcript by cursor and sends it in order, the next page only when the one before has left. The end
 * of a job is told after its last event.
 */
export class JobWatch {
  readonly #parts: WatchParts;
  readonly #closing = new AbortController();
  #seq: number;
  #job: JobJson | null = null;
  #told = "";
  #wake: (() => void) | null = null;
  #isDirty = true;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#seq = parts.since;
    void this.#run();
  }

  /** There may be more events. */
  wake(): void {
    this.#isDirty = true;
    this.#wake?.();
  }

  /** The job as it is now. */
  update(job: JobJson): void {
    this.#job = job;
    this.wake();
  }

  close(): void {
    this.#closing.abort();
    this.#wake?.();
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed()) {
      try {
        await this.#step();
      } catch (error) {
        if (this.#isClosed()) return;
        this.#parts.ctx.log.warn({ jobId: this.#parts.jobId, err: error }, "transcript not read");
        await this.#rest(AFTER_FAULT_MS);
        this.#isDirty = true;
      }
    }
  }

  async #step(): Promise<void> {
    if (!this.#isDirty) await this.#changed();
    this.#isDirty = false;
    const sent = await this.#sendEvents();
    this.#sendJob();
    await flushed(this.#parts.socket);
    if (sent === "some") await this.#rest(COALESCE_MS);
    if (sent !== "none") this.#isDirty = true;
  }

  async #sendEvents(): Promise<"none" | "some" | "full page"> {
    const { ctx, socket, jobId } = this.#parts;
    const { events, isFull } = await readEvents(ctx.db, {
      jobId,
      since: this.#seq,
      limit: BATCH_EVENTS_MAX,
      bytesMax: BATCH_BYTES_MAX,
    });
    const last = events.at(-1);
    if (last === undefined || this.#isClosed()) return "none";
    socket.emit("events", { jobId, events });
    this.#seq = last.seq;
    return isFull ? "full page" : "some";
  }

  #sendJob(): void {
    const job = this.#job;
    if (job === null || this.#isClosed() || (isOver(job) && this.#seq < job.lastSeq)) return;
    this.#job = null;
    const text = JSON.stringify(job);
    if (text === this.#told) return;
    this.#told = text;
    this.#parts.socket.emit("job", job);
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
      if (this.#isClosed()) this.#wake();
    });
  }

  async #rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}
