import { Buffer } from "node:buffer";
import type { Hash } from "node:crypto";
import { errorOf, OUT_WINDOW_BYTES } from "@nebula/protocol";
import { appendOutput, type Arrival, type StreamMemory } from "../app/append-output.ts";
import type { AppContext } from "../app/context.ts";

type StreamName = Arrival["stream"];

interface Waiting {
  readonly arrival: Arrival;
  readonly resolve: (durable: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Most bytes written in one transaction. */
const WRITE_BYTES_MAX = 512 * 1024;
/** A rig that has more than this unanswered does not keep to its window. */
const WAITING_BYTES_MAX = 4 * OUT_WINDOW_BYTES;

/** Takes as many arrivals from the front as follow each other without a gap; at least one. */
function takeRun(waiting: Waiting[]): readonly Waiting[] {
  const run = waiting.splice(0, 1);
  let end = (run[0]?.arrival.offset ?? 0) + (run[0]?.arrival.data.length ?? 0);
  let size = run[0]?.arrival.data.length ?? 0;
  for (
    let next = waiting[0];
    next?.arrival.offset === end && size + next.arrival.data.length <= WRITE_BYTES_MAX;
    next = waiting[0]
  ) {
    run.push(next);
    waiting.shift();
    end += next.arrival.data.length;
    size += next.arrival.data.length;
  }
  return run;
}

function joinedArrival(run: readonly Waiting[], first: Waiting): Arrival {
  if (run.length === 1) return first.arrival;
  return { ...first.arrival, data: Buffer.concat(run.map((entry) => entry.arrival.data)) };
}

/**
 * What one attempt's rig says, one thing after the other. Output that piles up while a transaction runs is written together by the next.
 */
export class AttemptInbox {
  readonly #ctx: AppContext;
  readonly #waiting: Record<StreamName, Waiting[]> = { events: [], stderr: [] };
  readonly #memory = new Map<StreamName, StreamMemory>();
  #waitingBytes = 0;
  readonly #opened: Promise<void>;
  #tail: Promise<unknown> = Promise.resolve();

  /** Nothing is done unless `opened` succeeds. */
  constructor(ctx: AppContext, opened: Promise<void>) {
    this.#ctx = ctx;
    this.#opened = opened;
    opened.catch(() => undefined); // whoever runs something is told
  }

  /** Runs `work` after all that came before. */
  run<Value>(work: () => Promise<Value>): Promise<Value> {
    const result = this.#tail.then(() => this.#opened).then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Stores output; gives the stream's durable bytes. */
  out(arrival: Arrival): Promise<number> {
    if (this.#waitingBytes + arrival.data.length > WAITING_BYTES_MAX) {
      throw errorOf(
        "INPUT_INVALID",
        `More than ${OUT_WINDOW_BYTES} bytes of output wait for their answer; keep to the window`,
      );
    }
    this.#waitingBytes += arrival.data.length;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiting = this.#waiting[arrival.stream];
    waiting.push({ arrival, resolve, reject });
    if (waiting.length === 1) {
      this.run(() => this.#flush(arrival.stream)).catch((error: unknown) => {
        for (const entry of waiting.splice(0)) entry.reject(error);
      });
    }
    return promise;
  }

  /** SHA-256 of a stream, where it is remembered up to `durable`. */
  hashOf(stream: StreamName, durable: number): Hash | null {
    const memory = this.#memory.get(stream);
    return memory?.durable === durable ? memory.hash : null;
  }

  async #flush(stream: StreamName): Promise<void> {
    const waiting = this.#waiting[stream];
    while (waiting.length > 0) {
      const run = takeRun(waiting);
      const [first] = run;
      if (first === undefined) return;
      for (const entry of run) this.#waitingBytes -= entry.arrival.data.length;
      await this.#store(run, joinedArrival(run, first));
    }
  }

  async #store(run: readonly Waiting[], arrival: Arrival): Promise<void> {
    try {
      const { durable, memory } = await appendOutput(
        this.#ctx,
        arrival,
        this.#memory.get(arrival.stream) ?? null,
      );
      this.#memory.set(arrival.stream, memory);
      for (const entry of run) entry.resolve(durable);
    } catch (error) {
      this.#memory.delete(arrival.stream);
      for (const entry of run) entry.reject(error);
    }
  }
}
