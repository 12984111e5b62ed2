import type { Beat } from "@nebula/protocol";
import type { AppContext } from "../app/context.ts";
import { renewLeases, type RigBeat } from "../app/renew-leases.ts";

interface Waiting extends RigBeat {
  readonly resolve: (kill: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers the beats of all rigs here and writes them at most once in `beatBatchMs`; the first after a pause is written at once. */
export class BeatBatch {
  readonly #ctx: AppContext;
  #waiting: Waiting[] = [];
  #pause: NodeJS.Timeout | null = null;

  constructor(ctx: AppContext) {
    this.#ctx = ctx;
  }

  /** Takes a beat; gives the attempts that its rig must kill. */
  take(rigId: string, beat: Beat): Promise<readonly string[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    this.#waiting.push({ rigId, beat, resolve, reject });
    if (this.#pause === null) void this.#write();
    return promise;
  }

  [Symbol.dispose](): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
  }

  async #write(): Promise<void> {
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#waiting.length > 0) void this.#write();
    }, this.#ctx.config.times.beatBatchMs);
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const kill = await renewLeases(this.#ctx, batch);
      for (const entry of batch) entry.resolve(kill.get(entry.rigId) ?? []);
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
  }
}
