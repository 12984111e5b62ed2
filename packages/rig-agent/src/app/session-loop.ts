import {
  NotAllowed,
  NotFound,
  RIG_TIMES,
  type Beat,
  type Hello,
  type NebulaError,
  type Welcome,
} from "@nebula/protocol";
import { reconnectDelayMs } from "../domain/jitter.ts";
import type { Attempts } from "./attempts.ts";
import type { Clock, ContainerEngine, Log, OpenSession, RigHandlers, Session } from "./ports.ts";
import { pause, type Uplink } from "./uplink.ts";

/** A challenge may run out under load; a key that is refused so often in a row is not valid. */
const REFUSALS_MAX = 3;

export interface SessionLoopParts {
  readonly rigId: string;
  readonly open: OpenSession;
  readonly handlers: RigHandlers;
  readonly attempts: Attempts;
  readonly engine: ContainerEngine;
  readonly uplink: Uplink;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly hello: () => Promise<Hello>;
  readonly beat: (counter: number) => Promise<Beat>;
  readonly onChange: () => void;
}

/** How the agent's work ended: `stopped` by its owner; `superseded` by another agent with the same key; `refused` by the server. */
export type SessionLoopEnd =
  { readonly how: "stopped" | "superseded" } | { readonly how: "refused"; readonly error: NebulaError };

/** Keeps one session open, again and again, and beats in it: the server renews the rig's leases by its beats. */
export class SessionLoop {
  readonly #parts: SessionLoopParts;
  #aliveAtMs: number;
  #deadManMs: number = RIG_TIMES.deadManMs;
  #counter = 0;
  // Containers of ours that nobody claimed, by how many welcomes in a row said nothing of them.
  #unclaimed = new Map<string, number>();

  constructor(parts: SessionLoopParts) {
    this.#parts = parts;
    this.#aliveAtMs = parts.clock.bootMs();
  }

  /** When the last acknowledged beat was sent, and how long runs may go on without another. */
  get life(): { readonly aliveAtMs: number; readonly deadManMs: number } {
    return { aliveAtMs: this.#aliveAtMs, deadManMs: this.#deadManMs };
  }

  /** Runs until `signal` is aborted, the server refuses this rig for good, or another session takes over. */
  async run(signal: AbortSignal): Promise<SessionLoopEnd> {
    let refusals = 0;
    for (let failures = 0; !signal.aborted;) {
      try {
        const session = await this.#parts.open(this.#parts.handlers);
        failures = 0;
        refusals = 0;
        if ((await this.#serve(session, signal)) === "superseded") return { how: "superseded" };
      } catch (error) {
        const isRefusal = error instanceof NotAllowed || error instanceof NotFound;
        refusals = isRefusal ? refusals + 1 : 0;
        if (isRefusal && refusals >= REFUSALS_MAX) return { how: "refused", error };
        this.#parts.log.warn({ err: error, failures }, "not connected");
      }
      const waitMs = reconnectDelayMs(failures, this.#parts.random());
      failures += 1;
      await pause(waitMs, signal).catch(() => undefined);
    }
    return { how: "stopped" };
  }

  async #serve(session: Session, signal: AbortSignal): Promise<"closed" | "superseded"> {
    const over = new AbortController();
    const stop = (): void => session.close();
    signal.addEventListener("abort", stop, { once: true });
    const ended = session.ended.finally(() => over.abort());
    try {
      if (signal.aborted) session.close();
      const beatMs = await this.#greet(session);
      await this.#beat(session, beatMs, over.signal);
      return await ended;
    } catch (error) {
      session.close();
      if ((await ended) === "superseded") return "superseded";
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#parts.uplink.closed(session);
      this.#parts.attempts.suspend();
      this.#parts.onChange();
    }
  }

  async #greet(session: Session): Promise<number> {
    const { attempts, uplink, log } = this.#parts;
    const sentAtMs = this.#parts.clock.bootMs();
    const hello = await this.#parts.hello();
    const welcome = await session.request("hello", hello);
    log.info({ keep: welcome.keep.length, kill: welcome.kill.length }, "connected");
    this.#deadManMs = welcome.deadManMs;
    this.#acknowledged(sentAtMs);
    uplink.opened(session);
    attempts.welcomed(session, welcome, new Set(hello.attempts.map(({ attempt }) => attempt)));
    await this.#sweep(welcome);
    this.#parts.onChange();
    return welcome.beatMs;
  }

  async #beat(session: Session, beatMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const isOver = await pause(beatMs, signal).then(
        () => false,
        () => true,
      );
      if (isOver) return;
      const sentAtMs = this.#parts.clock.bootMs();
      this.#counter += 1;
      const { kill } = await session.request("beat", await this.#parts.beat(this.#counter));
      this.#acknowledged(sentAtMs);
      this.#parts.attempts.drop(kill, "The server has taken the attempt away");
      this.#parts.onChange();
    }
  }

  #acknowledged(sentAtMs: number): void {
    this.#aliveAtMs = sentAtMs;
    this.#parts.attempts.alive(sentAtMs, this.#deadManMs);
  }

  // A container with our label that neither the journal nor the server knows goes when two welcomes in a row said nothing of it.
  async #sweep(welcome: Welcome): Promise<void> {
    const claimed = new Set([
      ...this.#parts.attempts.all.map(({ offer }) => offer.attempt),
      ...welcome.keep.map(({ attempt }) => attempt),
    ]);
    try {
      const containers = await this.#parts.engine.containers(this.#parts.rigId);
      const unclaimed = new Map(
        containers
          .filter(({ attempt }) => !claimed.has(attempt))
          .map(({ id }) => [id, (this.#unclaimed.get(id) ?? 0) + 1]),
      );
      this.#unclaimed = unclaimed;
      for (const [id, welcomes] of unclaimed) if (welcomes >= 2) await this.#parts.engine.remove(id);
    } catch (err) {
      this.#parts.log.warn({ err }, "containers not looked through");
    }
  }
}
