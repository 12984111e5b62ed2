import type { IDisposable } from "@lumino/disposable";
import { Signal, type ISignal } from "@lumino/signaling";
import { specHashOf, type Estimate, type JobSpec, type NebulaError } from "@nebula/protocol";
import { asNebulaError, type CampusSession } from "../session/campus-session.ts";
import type { PriceFacts } from "./label.ts";

/** Quiet time after the last change of the source before a price is asked for, in milliseconds. */
const QUIET_MS = 500;
/** A price is asked for again after this time: queue and past runs change. */
const FRESH_MS = 60_000;
const CACHED_MAX = 64;

interface Cached {
  readonly estimate: Estimate;
  readonly at: number;
}

/** The price of what a press would run now. */
export class PriceModel implements IDisposable {
  readonly #session: CampusSession;
  readonly #capture: () => JobSpec | null;
  readonly #now: () => number;
  readonly #changed = new Signal<this, void>(this);
  readonly #cache = new Map<string, Cached>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asking = new AbortController();
  #estimate: Estimate | null = null;
  #error: NebulaError | null = null;
  #isDisposed = false;

  /** `capture` gives the job of a press now, or null where a press would run nothing. */
  constructor(session: CampusSession, capture: () => JobSpec | null, now: () => number) {
    this.#session = session;
    this.#capture = capture;
    this.#now = now;
    session.changed.connect(() => this.ask());
  }

  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  get facts(): PriceFacts {
    const { state, serverUrl, offerings } = this.#session;
    return {
      state,
      serverUrl,
      offerings,
      estimate: state === "signed-in" ? this.#estimate : null,
      error: this.#error,
    };
  }

  /** Asks for the price of the cells as they are, once they have been left alone for a moment. */
  ask(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#update(), QUIET_MS);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#asking.abort();
    Signal.clearData(this);
  }

  async #update(): Promise<void> {
    this.#asking.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const spec = this.#session.state === "signed-in" ? this.#capture() : null;
    if (spec === null) {
      this.#show(null, null);
      return;
    }
    // Whenever money was held or spent, past runs, queue and what is left have changed.
    const key = `${specHashOf(spec)} ${String(this.#session.me?.balance.left)}`;
    const known = this.#cache.get(key);
    if (known && this.#now() - known.at < FRESH_MS) {
      this.#show(known.estimate, null);
      return;
    }
    try {
      const estimate = await this.#session.client.call("estimate", { body: { spec }, signal: asking.signal });
      this.#remember(key, estimate);
      if (asking === this.#asking) this.#show(estimate, null);
    } catch (error) {
      if (!asking.signal.aborted) this.#show(null, asNebulaError(error));
    }
  }

  #remember(key: string, estimate: Estimate): void {
    this.#cache.delete(key);
    this.#cache.set(key, { estimate, at: this.#now() });
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > CACHED_MAX && oldest !== undefined) this.#cache.delete(oldest);
  }

  #show(estimate: Estimate | null, error: NebulaError | null): void {
    if (this.#isDisposed) return;
    this.#estimate = estimate;
    this.#error = error;
    this.#changed.emit();
  }
}
