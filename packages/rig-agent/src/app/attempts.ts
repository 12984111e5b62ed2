import type { Beat, Hello, Offer, Slot, Welcome } from "@nebula/protocol";
import { Attempt, type AttemptParts } from "./attempt.ts";
import type { FollowMode } from "./follow-run.ts";
import type { Session } from "./ports.ts";

/** The attempts that live on this rig. */
export class Attempts {
  readonly #parts: AttemptParts;
  readonly #live = new Map<string, Attempt>();
  // Attempts that one welcome passed over; a second one ends them.
  #passedOver = new Set<string>();

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  get all(): readonly Attempt[] {
    return [...this.#live.values()];
  }

  get(id: string): Attempt | undefined {
    return this.#live.get(id);
  }

  add(offer: Offer, mode: FollowMode): Attempt {
    const attempt = new Attempt(this.#parts, offer, mode);
    this.#live.set(offer.attempt, attempt);
    const { session } = this.#parts.uplink;
    if (session && mode === "launch") attempt.resume(session, { events: 0, stderr: 0 });
    void attempt.finished.then(() => this.#live.delete(offer.attempt));
    return attempt;
  }

  isSlotFree(slot: string): boolean {
    return !this.all.some((attempt) => attempt.offer.slot === slot && attempt.state !== "exited");
  }

  freeSlots(slots: readonly Slot[]): string[] {
    return slots.map(({ id }) => id).filter((id) => this.isSlotFree(id));
  }

  /** For `hello`. */
  described(): Hello["attempts"] {
    return this.all.map(({ offer, state, spooled }) => ({
      attempt: offer.attempt,
      fence: offer.fence,
      state,
      spooled: { ...spooled },
    }));
  }

  /** For `beat`. */
  elapsed(): Beat["attempts"] {
    return this.all.map(({ offer, elapsedMs }) => ({
      attempt: offer.attempt,
      fence: offer.fence,
      elapsedMs,
    }));
  }

  alive(atMs: number, deadManMs: number): void {
    for (const attempt of this.all) attempt.alive(atMs, deadManMs);
  }

  suspend(): void {
    for (const attempt of this.all) attempt.suspend();
  }

  drop(ids: readonly string[], why: string): void {
    for (const id of ids) this.#live.get(id)?.drop(why);
  }

  /** Does what the server's welcome says. `known`: the attempts that `hello` named. */
  welcomed(session: Session, welcome: Welcome, known: ReadonlySet<string>): void {
    this.drop(welcome.kill, "The server has taken the attempt away");
    const kept = new Map(welcome.keep.map((entry) => [entry.attempt, entry]));
    const passedOver = [...known].filter((id) => !kept.has(id) && this.#live.has(id));
    this.drop(
      passedOver.filter((id) => this.#passedOver.has(id)),
      "The server does not know the attempt",
    );
    this.#passedOver = new Set(passedOver);
    for (const attempt of this.all) {
      const entry = kept.get(attempt.offer.attempt);
      if (entry && entry.fence !== attempt.offer.fence) attempt.drop("The attempt belongs to another lease");
      else if (entry) attempt.resume(session, entry.durable);
      else attempt.resume(session, {});
    }
  }

  /** Resolves when no attempt is left. */
  async finished(): Promise<void> {
    await Promise.all(this.all.map((attempt) => attempt.finished));
  }
}
