import type { AttacherCommand, AttacherNotice, ExitRecord } from "../attacher/records.ts";
import { containerNameOf } from "../domain/plan.ts";
import type { AttacherLink, Attachers, AttemptFolders, ContainerEngine, Log } from "./ports.ts";

export interface FollowParts {
  readonly folders: AttemptFolders;
  readonly attachers: Attachers;
  readonly engine: ContainerEngine;
  readonly log: Log;
}

/** `launch`: start the attacher. `reach`: it was started by an earlier agent. `bury`: the machine was rebooted since; nothing runs. */
export type FollowMode = "launch" | "reach" | "bury";

/** How long a freshly started attacher may take to listen, where the agent that started it was killed right after. */
const REACH_MS = 3_000;

const LOST: ExitRecord = {
  code: null,
  oomKilled: false,
  reason: "rig-fault",
  detail: "The process that held the container's streams is gone",
  usedMs: 0,
  result: null,
};

/** The agent's side of one run: the connection to its attacher, and its end, whoever writes that down. */
export class FollowedRun {
  readonly #parts: FollowParts;
  readonly #attempt: string;
  readonly #onNotice: (notice: AttacherNotice) => void;
  #link: AttacherLink | null = null;
  #waiting: AttacherCommand[] = [];

  constructor(parts: FollowParts, attempt: string, onNotice: (notice: AttacherNotice) => void) {
    this.#parts = parts;
    this.#attempt = attempt;
    this.#onNotice = onNotice;
  }

  /** Tells the attacher, at once or when it is there. */
  send(command: AttacherCommand): void {
    if (this.#link) this.#link.send(command);
    else this.#waiting.push(command);
  }

  /** Lets go of the attacher; the run goes on. */
  release(): void {
    this.#link?.close();
  }

  /** Resolves with the end of the run. An attacher that is gone without a word takes its container with it. Throws `signal`'s reason. */
  async end(mode: FollowMode, signal: AbortSignal): Promise<ExitRecord> {
    await this.#follow(mode);
    signal.throwIfAborted();
    const { folders } = this.#parts;
    const exit = await folders.readExit(this.#attempt);
    if (exit) return exit;
    await this.removeContainer();
    await folders.writeExit(this.#attempt, LOST);
    return (await folders.readExit(this.#attempt)) ?? LOST;
  }

  /** Kills and removes the container. One that the engine does not let go of now is swept up later. */
  async removeContainer(): Promise<void> {
    try {
      await this.#parts.engine.remove(containerNameOf(this.#attempt));
    } catch (err) {
      this.#parts.log.warn({ attempt: this.#attempt, err }, "container not removed");
    }
  }

  async #follow(mode: FollowMode): Promise<void> {
    const link = await this.#connect(mode);
    if (!link) return;
    this.#link = link;
    for (const command of this.#waiting.splice(0)) link.send(command);
    await link.ended;
    this.#link = null;
  }

  async #connect(mode: FollowMode): Promise<AttacherLink | null> {
    const { attachers, folders, log } = this.#parts;
    const folder = folders.pathOf(this.#attempt);
    if (mode === "bury" || (await folders.readExit(this.#attempt))) return null;
    if (mode === "reach") return attachers.reach(folder, REACH_MS, this.#onNotice);
    try {
      return await attachers.launch(folder, this.#onNotice);
    } catch (err) {
      log.warn({ attempt: this.#attempt, err }, "attacher not reached");
      return null;
    }
  }
}
