import type { Clock } from "../app/ports.ts";

/** How long before its end a token's holder is warned, and how long after it he is let go on. */
const WARN_MS = 60_000;
const GRACE_MS = 60_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

/** What happens as a token ends. */
export interface TokenEvents {
  readonly onEndsSoon: (expiresAtMs: number) => void;
  readonly onOver: () => void;
}

/** Watches the end of a viewer's token. */
export class TokenClock {
  readonly #clock: Clock;
  readonly #events: TokenEvents;
  #timers: readonly NodeJS.Timeout[] = [];

  constructor(clock: Clock, events: TokenEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Watches a token that ends at `expiresAtMs` (unix milliseconds) in place of the one before. */
  set(expiresAtMs: number): void {
    this[Symbol.dispose]();
    const leftMs = expiresAtMs - this.#clock.now();
    this.#timers = [
      setTimeout(
        () => this.#events.onEndsSoon(expiresAtMs),
        Math.min(TIMER_MS_MAX, Math.max(0, leftMs - WARN_MS)),
      ),
      setTimeout(() => this.#events.onOver(), Math.min(TIMER_MS_MAX, Math.max(0, leftMs + GRACE_MS))),
    ];
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
