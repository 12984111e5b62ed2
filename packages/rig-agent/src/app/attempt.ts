import { Conflict, type AttemptReport, type Cancel, type Offer, type StreamName } from "@nebula/protocol";
import type { AttacherNotice, ExitRecord, StopReason } from "../attacher/records.ts";
import { FollowedRun, type FollowMode, type FollowParts } from "./follow-run.ts";
import { OutputLoop } from "./output-loop.ts";
import type { Clock, Journal, JournalState, ReceiptSigner, Session } from "./ports.ts";
import { seal } from "./seal.ts";
import type { Uplink } from "./uplink.ts";

/** What attempts need of the agent. */
export interface AttemptParts extends FollowParts {
  readonly uplink: Uplink;
  readonly journal: Journal;
  readonly signer: ReceiptSigner;
  readonly clock: Clock;
  readonly bootId: string;
}

export type LiveState = "accepted" | "preparing" | "running" | "stopping" | "exited";

/** Why an attempt is given up: the server has taken it away, or the agent leaves it to its attacher. */
class GivenUp extends Error {
  readonly isLeft: boolean;

  constructor(why: string, isLeft: boolean) {
    super(why);
    this.isLeft = isLeft;
  }
}

/**
 * One attempt on this rig, from the accepted offer to the signed receipt. The attacher runs it; this follows, reports and seals.
 *
 *     accepted ─→ preparing ─→ running ─→ stopping ─→ exited ─→ (sealed | lost)
 */
export class Attempt {
  readonly offer: Offer;
  /** Resolves when the attempt is sealed or lost and its container and folder are gone, or when it is left to its attacher. */
  readonly finished: Promise<void>;
  readonly #parts: AttemptParts;
  readonly #output: OutputLoop;
  readonly #run: FollowedRun;
  readonly #abort = new AbortController();
  #state: LiveState = "accepted";
  #startedAtMs: number | null = null;
  #reports: Promise<void> = Promise.resolve();

  constructor(parts: AttemptParts, offer: Offer, mode: FollowMode) {
    this.#parts = parts;
    this.offer = offer;
    this.#output = new OutputLoop({
      attempt: offer.attempt,
      fence: offer.fence,
      clock: parts.clock,
      read: (stream, range) => parts.folders.read(offer.attempt, stream, range),
      onRefused: (error) => this.drop(error.message),
    });
    this.#run = new FollowedRun(parts, offer.attempt, (notice) => this.#noticed(notice));
    this.finished = this.#live(mode);
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Bytes kept per stream. */
  get spooled(): Readonly<Record<StreamName, number>> {
    return this.#output.available;
  }

  /** Milliseconds since the container started; 0 before. */
  get elapsedMs(): number {
    return this.#startedAtMs === null
      ? 0
      : Math.max(0, Math.round(this.#parts.clock.bootMs() - this.#startedAtMs));
  }

  /** A session is there; `durable` is what the server has of each stream. */
  resume(session: Session, durable: Partial<Record<StreamName, number>>): void {
    this.#output.resume(session, durable);
  }

  /** The session has ended. */
  suspend(): void {
    this.#output.suspend();
  }

  watched(isWatched: boolean): void {
    this.#output.watched(isWatched);
  }

  /** A beat sent at `atMs` on the boot-time clock was acknowledged. */
  alive(atMs: number, deadManMs: number): void {
    if (this.#state !== "exited") this.#run.send({ t: "alive", atMs, deadManMs });
  }

  /** Hands the kernel what was typed. */
  input(id: string, value: string): void {
    this.#run.send({ t: "input", line: JSON.stringify({ t: "input", id, value }) });
  }

  /** Stops the run; its end is reported as any other. Resolves when the wish is on disk. */
  async stop(mode: Cancel["mode"], reason: StopReason, graceMs: number): Promise<void> {
    if (this.#state === "exited") return;
    await this.#note("stopping", `${mode} because ${reason}`);
    this.#run.send({ t: "stop", mode, reason, graceMs });
  }

  /** Ends the run without a report: the server has given the attempt to somebody else. */
  drop(why: string): void {
    if (this.#abort.signal.aborted) return;
    this.#run.send({ t: "stop", mode: "kill", reason: "fenced", graceMs: 0 });
    this.#giveUp(new GivenUp(why, false));
  }

  /** Leaves the run to its attacher: a later agent finds it again. */
  leave(): void {
    this.#giveUp(new GivenUp("The agent stops", true));
    this.#run.release();
  }

  #giveUp(reason: GivenUp): void {
    this.#abort.abort(reason);
    this.#output.stop();
  }

  async #live(mode: FollowMode): Promise<void> {
    try {
      if (mode === "launch") await this.#become("preparing");
      await this.#seal(await this.#run.end(mode, this.#abort.signal));
      await this.#close("sealed", "");
    } catch (error) {
      if (this.#abort.signal.reason instanceof GivenUp && this.#abort.signal.reason.isLeft) return;
      this.#parts.log.warn({ attempt: this.offer.attempt, err: error }, "attempt lost");
      await this.#close("lost", String(error));
    }
  }

  async #seal(exit: ExitRecord): Promise<void> {
    const { offer } = this;
    const { folders } = this.#parts;
    await this.#become("exited");
    const [events, stderr] = await Promise.all([
      folders.sumOf(offer.attempt, "events"),
      folders.sumOf(offer.attempt, "stderr"),
    ]);
    this.#output.grown({ events: events.bytes, stderr: stderr.bytes });
    await this.#drained();
    await this.#reports;
    await seal(this.#parts, {
      offer,
      exit,
      streams: { events, stderr },
      resend: (offsets) => {
        this.#output.rewind(offsets);
        return this.#drained();
      },
      signal: this.#abort.signal,
    });
  }

  async #drained(): Promise<void> {
    await this.#output.drained();
    this.#abort.signal.throwIfAborted();
  }

  async #close(state: "sealed" | "lost", detail: string): Promise<void> {
    this.#state = "exited";
    this.#output.stop();
    this.#abort.abort(new GivenUp("The attempt is over", false));
    await this.#run.removeContainer();
    await this.#parts.folders.remove(this.offer.attempt);
    await this.#note(state, detail);
  }

  #noticed(notice: AttacherNotice): void {
    if (notice.t === "rung") {
      this.#parts.log.info(
        { attempt: this.offer.attempt, signal: notice.signal, reason: notice.reason },
        "signal sent",
      );
      void this.#note("stopping", `${notice.signal} because ${notice.reason}`);
    }
    if (notice.t !== "progress") return;
    this.#startedAtMs = notice.startedAtMs;
    this.#output.grown({ events: notice.events, stderr: notice.stderr });
    if (notice.phase !== "preparing" && this.#state !== notice.phase) void this.#become(notice.phase);
  }

  async #become(state: LiveState): Promise<void> {
    if (this.#state === "exited") return;
    this.#state = state;
    await this.#note(state, "");
    if (state === "preparing" || state === "running" || state === "stopping") this.#report(state);
  }

  #report(state: AttemptReport["state"]): void {
    const { attempt, fence } = this.offer;
    const report = { attempt, fence, state, detail: "", elapsedMs: this.elapsedMs };
    this.#reports = this.#reports.then(async () => {
      try {
        await this.#parts.uplink.insist("state", report, this.#abort.signal);
      } catch (error) {
        if (error instanceof Conflict && error.code === "LEASE_LOST") this.drop(error.message);
      }
    });
  }

  async #note(state: JournalState, detail: string): Promise<void> {
    const { attempt, fence, slot } = this.offer;
    await this.#parts.journal.write({ attempt, fence, slot, state, bootId: this.#parts.bootId, detail });
  }
}
