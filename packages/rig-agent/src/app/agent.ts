import type { Inventory, Slot } from "@nebula/protocol";
import { SERVER_TO_RIG } from "@nebula/protocol";
import { Attempts } from "./attempts.ts";
import type { AttemptParts } from "./attempt.ts";
import { leaseHandlers, type LeaseParts } from "./lease-loop.ts";
import type { Host, JournalEntry, OpenSession } from "./ports.ts";
import { SessionLoop, type SessionLoopEnd } from "./session-loop.ts";

export interface AgentParts extends AttemptParts {
  readonly rigId: string;
  readonly version: string;
  readonly inventory: Inventory;
  readonly slots: readonly Slot[];
  readonly measured: { readonly gflops: number; readonly speedMilli: number };
  readonly engineSocket: string;
  readonly host: Host;
  readonly open: OpenSession;
  readonly random: () => number;
  /** What the journal held when the agent started. */
  readonly found: readonly JournalEntry[];
  /** Connection, slots or attempts have changed. */
  readonly onChange: () => void;
}

const END_GRACE_MS = 8_000;

/** The agent's loops. */
export class AgentCore {
  readonly attempts: Attempts;
  /** Resolves when the session loop has ended. */
  readonly ended: Promise<SessionLoopEnd>;
  readonly #parts: AgentParts;
  readonly #abort = new AbortController();
  #isDraining = false;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.attempts = new Attempts(parts);
    const lease: LeaseParts = {
      ...parts,
      attempts: this.attempts,
      isDraining: () => this.#isDraining,
      life: () => loop.life,
    };
    const loop = new SessionLoop({
      ...parts,
      attempts: this.attempts,
      handlers: leaseHandlers(lease),
      hello: async () => ({
        agentVersion: parts.version,
        bootId: parts.host.bootId,
        inventory: parts.inventory,
        slots: [...parts.slots],
        images: [...(await parts.engine.images().catch(() => []))],
        measured: { ...parts.measured },
        attempts: this.attempts.described(),
      }),
      beat: async (counter) => ({
        counter,
        freeSlots: this.#isDraining ? [] : this.attempts.freeSlots(parts.slots),
        attempts: this.attempts.elapsed(),
        host: await parts.host.load(),
      }),
    });
    this.ended = this.#recover().then(() => loop.run(this.#abort.signal));
  }

  get isConnected(): boolean {
    return this.#parts.uplink.session !== null;
  }

  /** `leave`: runs go on under their attachers. `end`: runs are killed, reported while the server answers, and removed. */
  async stop(mode: "leave" | "end"): Promise<void> {
    this.#isDraining = true;
    if (mode === "end") await this.#endAll();
    for (const attempt of this.attempts.all) attempt.leave();
    this.#abort.abort();
    await this.ended;
  }

  async #endAll(): Promise<void> {
    if (this.isConnected) await this.#sealAll();
    for (const attempt of this.attempts.all) attempt.drop("The agent ends");
    await this.attempts.finished();
  }

  async #sealAll(): Promise<void> {
    await Promise.all(this.attempts.all.map((attempt) => attempt.stop("kill", "rig-fault", 0)));
    const timer = new AbortController();
    const late = new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, END_GRACE_MS);
      timer.signal.addEventListener("abort", () => clearTimeout(timeout));
    });
    // Without a connection there is nobody left to report to.
    await Promise.race([this.attempts.finished(), late, this.#parts.uplink.session?.ended]);
    timer.abort();
  }

  async #recover(): Promise<void> {
    const { found, folders, host, log } = this.#parts;
    for (const entry of found) {
      const offer = SERVER_TO_RIG.offer.body.safeParse(await folders.readOffer(entry.attempt));
      if (!offer.success) {
        await this.#parts.journal.write({ ...entry, state: "lost", detail: "Its folder is gone" });
        continue;
      }
      this.attempts.add(offer.data, entry.bootId === host.bootId ? "reach" : "bury");
      log.info({ attempt: entry.attempt, state: entry.state }, "attempt found again");
    }
    const known = new Set(this.attempts.all.map(({ offer }) => offer.attempt));
    for (const folder of await folders.list()) if (!known.has(folder)) await folders.remove(folder);
  }
}
