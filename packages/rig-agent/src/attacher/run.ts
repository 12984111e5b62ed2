import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Transcript } from "../domain/transcript.ts";
import { Control } from "./control.ts";
import { Demultiplexer } from "./demultiplex.ts";
import { drain } from "./drain.ts";
import type { ContainerEnd, Engine } from "./engine.ts";
import { LineSplitter } from "./lines.ts";
import type { AttacherCommand, AttacherNotice, AttacherPlan, ExitRecord, StopReason } from "./records.ts";
import { Spool } from "./spool.ts";
import { Stopper } from "./stopper.ts";

const LINE_BYTES_MAX = 12 * 1024 * 1024;
const CONTROL_BYTES_MAX = 64 * 1024 * 1024;
const STDERR_BYTES_MAX = 1024 * 1024;
/** Longest wait for the rest of the output once the container has ended. */
const DRAIN_MS = 45_000;
const WATCH_EVERY_MS = 200;

export interface RunParts {
  readonly plan: AttacherPlan;
  /** The job document as one line, without line end. */
  readonly document: string;
  readonly engine: Engine;
  /** Boot-time milliseconds: the clock that goes on while the machine sleeps. */
  readonly bootMs: () => number;
  /** Monotone milliseconds. */
  readonly monotoneMs: () => number;
  /** Whether the agent has given the attempt up before the container started. */
  readonly isAbandoned: () => boolean;
}

/** One run: create, attach, start, write the output down, enforce the limits, and say how it ended. */
export class Run {
  readonly control: Control;
  readonly #parts: RunParts;
  readonly #spool = new Spool();
  readonly #transcript: Transcript;
  readonly #stopper: Stopper;
  readonly #lines: LineSplitter;
  #id: string | null = null;
  #stdin: Duplex | null = null;
  #waitingInput: string[] = [];
  #startedBootMs: number | null = null;
  #aliveAtMs: number;
  #deadManMs: number;
  #fault: string | null = null;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#aliveAtMs = parts.plan.aliveAtMs;
    this.#deadManMs = parts.plan.deadManMs;
    this.#transcript = new Transcript(this.#spool, {
      capBytes: parts.plan.transcriptBytes,
      controlBytesMax: CONTROL_BYTES_MAX,
      stderrBytesMax: STDERR_BYTES_MAX,
    });
    this.#stopper = new Stopper((signal, reason) => this.#signal(signal, reason));
    this.#lines = new LineSplitter({
      lineBytesMax: LINE_BYTES_MAX,
      onLine: (line) => this.#transcript.push(line, parts.monotoneMs()),
      onOverlong: (bytes) => this.#transcript.pushForeign(bytes),
    });
    this.control = new Control({
      snapshot: () => this.#snapshot(),
      onCommand: (command) => this.#obey(command),
    });
  }

  /** Runs to the end. Throws nothing: a failure is an end too. */
  async perform(): Promise<ExitRecord> {
    const watch = setInterval(() => this.#watchLimits(), WATCH_EVERY_MS);
    try {
      return await this.#performParts();
    } catch (error) {
      return this.#record({ code: null, usedMs: 0, reason: "rig-fault", detail: String(error) });
    } finally {
      clearInterval(watch);
      this.#stopper.ended();
    }
  }

  async #performParts(): Promise<ExitRecord> {
    const { engine, plan } = this.#parts;
    let stream: Duplex;
    let ended: Promise<void>;
    try {
      this.#id = await engine.create(plan.containerName, plan.create);
      stream = await engine.attach(this.#id);
      ({ ended } = await engine.nextExit(this.#id));
      if (this.#stopper.reason !== null || this.#parts.isAbandoned()) {
        stream.destroy();
        ended.catch(() => undefined);
        return await this.#close(
          this.#record({ code: null, usedMs: 0, reason: this.#reasonOfStop() ?? "rig-fault" }),
        );
      }
      await engine.start(this.#id);
    } catch (error) {
      return this.#close(
        this.#record({ code: null, usedMs: 0, reason: "start-failed", detail: String(error) }),
      );
    }
    return this.#follow(this.#id, stream, ended);
  }

  async #follow(id: string, stream: Duplex, ended: Promise<void>): Promise<ExitRecord> {
    const startedMs = this.#parts.monotoneMs();
    this.#startedBootMs = this.#parts.bootMs();
    this.#stdin = stream;
    // What goes wrong with the stream is seen where it is read.
    stream.on("error", () => undefined);
    stream.write(`${this.#parts.document}\n`);
    for (const line of this.#waitingInput) stream.write(`${line}\n`);
    this.#stopper.started();
    this.control.progress();
    const drained = this.#drain(stream);
    let endedMs = startedMs;
    const isEnded = ended.then(() => {
      endedMs = this.#parts.monotoneMs();
      this.#stopper.ended();
    });
    await isEnded.catch((error: unknown) => this.#fail(`The engine stopped waiting: ${String(error)}`));
    const isLate = await Promise.race([drained.then(() => false), delay(DRAIN_MS, true, { ref: false })]);
    if (isLate) this.#fail("The container ended, but its output did not");
    stream.destroy();
    await drained;
    const end = await this.#parts.engine.end(id);
    const usedMs = Math.max(0, Math.round((end ? endedMs : this.#parts.monotoneMs()) - startedMs));
    return this.#close(await this.#judge(id, end, usedMs));
  }

  async #drain(stream: Duplex): Promise<void> {
    const blocks = new Demultiplexer((name, bytes) =>
      name === "stdout" ? this.#lines.push(bytes) : this.#transcript.pushForeign(bytes),
    );
    try {
      await drain(stream, {
        take: (bytes) => {
          blocks.push(bytes);
          this.#sayGoodbye();
          if (this.#transcript.isControlFlooded)
            this.#fail("The runner wrote more control frames than a job can cause");
        },
        flush: async () => {
          await this.#spool.flush();
          this.control.progress();
        },
        heldBytes: () => this.#spool.unwrittenBytes,
      });
    } catch (error) {
      this.#fail(`Output could not be kept: ${String(error)}`);
    }
    this.#lines.finish();
  }

  // An engine may throw away what is in a container's pipe when the container ends. The runner can be sure that its result was read
  // when its standard input ends, and leave then.
  #sayGoodbye(): void {
    if (!this.#transcript.hasResult) return;
    this.#stdin?.end();
    this.#stdin = null;
  }

  async #judge(id: string, end: ContainerEnd | null, usedMs: number): Promise<ExitRecord> {
    if (this.#fault !== null || !end) {
      return this.#record({
        code: end?.exitCode ?? null,
        usedMs,
        reason: "rig-fault",
        detail: this.#fault ?? "The container did not end",
      });
    }
    const reason =
      this.#reasonOfStop() ?? ((await this.#wasKilledOutside(id, end)) ? "killed-outside" : "ended");
    const detail = this.#transcript.result === null ? "The runner ended without a result" : "";
    return this.#record({ code: end.exitCode, usedMs, reason, oomKilled: end.oomKilled, detail });
  }

  /** Somebody else stopped the container. From within it only handled signals reach the first process, so 137 without memory is proof. */
  async #wasKilledOutside(id: string, end: ContainerEnd): Promise<boolean> {
    const result = this.#transcript.result;
    if (result === null) return end.exitCode > 128 && !end.oomKilled;
    return result.includes('"outcome":"interrupted"') && (await this.#parts.engine.wasSignalled(id));
  }

  #reasonOfStop(): ExitRecord["reason"] | null {
    const reason = this.#stopper.reason;
    return reason === "fenced" ? "cancelled" : reason;
  }

  #record(end: Partial<ExitRecord> & Pick<ExitRecord, "code" | "usedMs" | "reason">): ExitRecord {
    return {
      oomKilled: false,
      ...end,
      detail: (end.detail ?? "").slice(0, 2_000),
      result: this.#transcript.result,
    };
  }

  async #close(record: ExitRecord): Promise<ExitRecord> {
    try {
      await this.#spool.close(this.#transcript.closing());
      return record;
    } catch (error) {
      return {
        ...record,
        reason: "rig-fault",
        detail: `The transcript could not be closed: ${String(error)}`.slice(0, 2_000),
      };
    }
  }

  #snapshot(): AttacherNotice {
    const phase =
      this.#startedBootMs === null ? "preparing" : this.#stopper.reason === null ? "running" : "stopping";
    return { t: "progress", phase, startedAtMs: this.#startedBootMs, ...this.#spool.sizes };
  }

  #obey(command: AttacherCommand): void {
    switch (command.t) {
      case "alive":
        this.#aliveAtMs = Math.max(this.#aliveAtMs, command.atMs);
        this.#deadManMs = command.deadManMs;
        return;
      case "stop":
        // Before the kernel is there nothing of the job has run, and nothing is worth waiting for.
        this.#stopper.stop({ ...command, mode: this.#transcript.isReady ? command.mode : "kill" });
        this.control.progress();
        return;
      case "input":
        if (this.#stdin) this.#stdin.write(`${command.line}\n`);
        else this.#waitingInput.push(command.line);
    }
  }

  #watchLimits(): void {
    const now = this.#parts.bootMs();
    const { runMs, runReason } = this.#parts.plan;
    if (now - this.#aliveAtMs > this.#deadManMs)
      this.#stopper.stop({ mode: "kill", reason: "dead-man", graceMs: 0 });
    if (this.#startedBootMs !== null && now - this.#startedBootMs >= runMs && this.#stopper.reason === null) {
      this.#stopper.stop({ mode: "terminate", reason: runReason, graceMs: 0 });
    }
  }

  #fail(detail: string): void {
    if (this.#fault !== null) return;
    this.#fault = detail;
    this.#stopper.stop({ mode: "kill", reason: "rig-fault", graceMs: 0 });
  }

  #signal(signal: string, reason: StopReason): void {
    if (this.#id === null) return;
    this.control.send({ t: "rung", signal, reason });
    // A container that has just ended refuses the signal, which is as good.
    this.#parts.engine.signal(this.#id, signal).catch(() => undefined);
  }
}
