import { ladder } from "../domain/ladder.ts";
import type { StopReason } from "./records.ts";

export interface StopRequest {
  readonly mode: "interrupt" | "terminate" | "kill";
  readonly reason: StopReason;
  readonly graceMs: number;
}

/** Climbs down the ladder of signals. The first reason stays; a harder request than the one under way replaces its rungs. */
export class Stopper {
  readonly #send: (signal: string, reason: StopReason) => void;
  #request: StopRequest | null = null;
  #timers: NodeJS.Timeout[] = [];
  #isStarted = false;

  constructor(send: (signal: string, reason: StopReason) => void) {
    this.#send = send;
  }

  /** Why the run is being stopped; null while nobody wants that. */
  get reason(): StopReason | null {
    return this.#request?.reason ?? null;
  }

  stop(request: StopRequest): void {
    if (this.#request !== null && request.mode !== "kill") return;
    this.#request = { ...request, reason: this.#request?.reason ?? request.reason };
    if (this.#isStarted) this.#climb();
  }

  /** The container runs: signals reach it from now on. */
  started(): void {
    this.#isStarted = true;
    if (this.#request) this.#climb();
  }

  /** The container has ended: no further signal is sent. */
  ended(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#isStarted = false;
  }

  #climb(): void {
    const request = this.#request;
    if (!request) return;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = ladder(request.mode, request.graceMs).map(({ signal, afterMs }) =>
      setTimeout(() => this.#send(signal, request.reason), afterMs),
    );
  }
}
