import { randomBytes } from "node:crypto";
import { Conflict, InvalidInput, NotFound, newId, type NebulaError } from "@nebula/protocol";
import type { Clock, Session, ToServerBody, ToServerName, ToServerReply } from "./ports.ts";

const RETRY_MS = 1_000;

/** Whether the server's answer will stay the same however often the message is sent: the attempt is lost. */
export function isFinal(error: unknown): error is NebulaError {
  // A superseded session says nothing of the attempt: the next session asks again.
  if (error instanceof Conflict) return error.code !== "RIG_SUPERSEDED";
  return error instanceof NotFound || error instanceof InvalidInput;
}

/** The way to the server across sessions: messages wait while there is none. */
export class Uplink {
  readonly #clock: Clock;
  #session: Session | null = null;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The session that is welcomed; null while there is none. */
  get session(): Session | null {
    return this.#session;
  }

  /** The server has welcomed the session: messages may go. */
  opened(session: Session): void {
    this.#session = session;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  closed(session: Session): void {
    if (this.#session === session) this.#session = null;
  }

  /**
   * Sends until a reply comes, over as many sessions as it takes; every try carries the same id. Throws the answers that are final,
   * and `signal`'s reason when it is aborted.
   */
  async insist<Name extends ToServerName>(
    name: Name,
    body: ToServerBody<Name>,
    signal: AbortSignal,
  ): Promise<ToServerReply<Name>> {
    const id = newId("message", this.#clock.unixMs(), randomBytes);
    for (;;) {
      const session = await this.#online(signal);
      try {
        return await session.request(name, body, id);
      } catch (error) {
        if (isFinal(error)) throw error;
        await pause(RETRY_MS, signal);
      }
    }
  }

  async #online(signal: AbortSignal): Promise<Session> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#session) return this.#session;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}

/** Waits, or throws `signal`'s reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
  signal.throwIfAborted();
}
