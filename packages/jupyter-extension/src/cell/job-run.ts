import type { IDisposable } from "@lumino/disposable";
import { Signal, type ISignal } from "@lumino/signaling";
import type { Client, Verification } from "@nebula/client";
import { NotAllowed, type Job, type JobSpec, type NebulaError, type TranscriptEvent } from "@nebula/protocol";
import { asNebulaError } from "../session/campus-session.ts";
import type { CellLeftOut } from "./cell-output.ts";
import type { NotebookCells } from "./notebook-cells.ts";
import { newRecords, withJob, writeRecord, type JobRecord } from "./record.ts";
import { JobRenderer, type RenderOptions } from "./render.ts";
import { RunProgress } from "./run-progress.ts";
import type { WriterLock } from "./writer-lock.ts";

/**
 * Where a job stands in this notebook.
 *
 *     submitting ─→ following ⇄ detached
 *         │            ↑ ↓         ↑
 *         ↓        elsewhere ──────┘
 *      refused     following ─→ ended
 *
 * `elsewhere`: another tab of this browser writes the outputs. `detached`: signed out, or the server would not let it
 * be followed; `error` says why.
 */
export type RunPhase = "submitting" | "refused" | "following" | "elsewhere" | "detached" | "ended";

export interface RunOptions {
  readonly cells: NotebookCells;
  readonly lock: WriterLock;
  /** Milliseconds on a clock that does not jump. */
  readonly now: () => number;
  readonly notices: Pick<RenderOptions, "notice" | "skippedNotice">;
  /** The cell that carries the strip. */
  readonly anchorId: string;
  /** Ids of the cells that were pressed, as the job knows them. */
  readonly pressed: readonly string[];
}

function isRunning(state: JobRecord["state"]): boolean {
  return state === "draft" || state === "queued" || state === "running";
}

/** One job in one notebook: submits it, follows it, writes its outputs and its record. */
export class JobRun implements IDisposable {
  readonly anchorId: string;
  readonly pressed: readonly string[];
  readonly progress: RunProgress;
  readonly #options: RunOptions;
  readonly #changed = new Signal<this, void>(this);
  readonly #over = new AbortController();
  #renderer: JobRenderer | null = null;
  #phase: RunPhase = "submitting";
  #record: JobRecord | null = null;
  #spec: JobSpec | null = null;
  #key: string | null = null;
  #job: Job | null = null;
  #error: NebulaError | null = null;
  #link: "live" | "reconnecting" = "live";
  #isCancelling = false;
  #verification: Verification | null = null;
  #client: Client | null = null;
  #isFollowing = false;
  #leftOut: CellLeftOut = { lines: 0, bytes: 0, displays: 0 };

  constructor(options: RunOptions, record: JobRecord | null = null) {
    this.#options = options;
    this.anchorId = options.anchorId;
    this.pressed = options.pressed;
    this.progress = new RunProgress(options.now);
    this.#record = record;
    if (record !== null) this.#phase = record.isComplete ? "ended" : "detached";
  }

  get changed(): ISignal<this, void> {
    return this.#changed;
  }
  get phase(): RunPhase {
    return this.#phase;
  }
  /** Null while no job exists. */
  get record(): JobRecord | null {
    return this.#record;
  }
  /** The job as the server last told it; null after a reload until it is followed again. */
  get job(): Job | null {
    return this.#job;
  }
  /** What was submitted; known only to the page that pressed. */
  get spec(): JobSpec | null {
    return this.#spec;
  }
  /** Key of the press: the same key never makes a second job. */
  get key(): string | null {
    return this.#key;
  }
  get error(): NebulaError | null {
    return this.#error;
  }
  get link(): "live" | "reconnecting" {
    return this.#link;
  }
  get isCancelling(): boolean {
    return this.#isCancelling;
  }
  get verification(): Verification | null {
    return this.#verification;
  }
  get leftOut(): CellLeftOut {
    return this.#renderer?.leftOut ?? this.#leftOut;
  }
  get isDisposed(): boolean {
    return this.#over.signal.aborted;
  }
  /** Whether the job may still use time and money. */
  get isLive(): boolean {
    if (this.#phase === "submitting") return true;
    return this.#phase !== "refused" && this.#record !== null && isRunning(this.#record.state);
  }

  /** Submits the job and follows it to its end. `key` makes a repeated press of the same job harmless. */
  async submit(client: Client, spec: JobSpec, key: string): Promise<void> {
    this.#spec = spec;
    this.#key = key;
    this.#move("submitting");
    try {
      const job = await client.call("submitJob", { body: { spec }, idempotencyKey: key });
      this.#adopt(job, spec);
    } catch (error) {
      this.#error = asNebulaError(error);
      this.#move("refused");
      return;
    }
    await this.follow(client);
  }

  /** Follows the job from what is shown already; returns when it has settled, or when it cannot be followed now. */
  async follow(client: Client): Promise<void> {
    const jobId = this.#record?.jobId;
    if (jobId === undefined || this.#isFollowing || this.isDisposed) return;
    this.#isFollowing = true;
    this.#client = client;
    try {
      // A job whose outputs are in the notebook has only its settlement left to learn.
      if (!this.#record?.isComplete) {
        const waiting = (): void => this.#move("elsewhere");
        await this.#options.lock(jobId, { signal: this.#over.signal, waiting }, () =>
          this.#render(client, jobId),
        );
      }
      await client.follow(jobId, {
        ...this.#listeners(),
        since: this.#job?.lastSeq ?? 0,
        untilSettled: true,
      });
      void this.#options.cells.save();
    } catch (error) {
      this.#lose(error);
    } finally {
      this.#isFollowing = false;
    }
  }

  /** Asks the server to stop the job; what it printed until then is kept. */
  async cancel(client: Client): Promise<void> {
    const jobId = this.#record?.jobId;
    if (jobId === undefined || this.#isCancelling) return;
    this.#isCancelling = true;
    this.#changed.emit();
    try {
      this.#take(await client.call("cancelJob", { params: { jobId } }));
    } catch (error) {
      this.#error = asNebulaError(error);
    } finally {
      this.#isCancelling = this.isLive && this.#error === null;
      this.#changed.emit();
    }
  }

  /** Keeps what a check of the receipt found, for the strip. */
  showVerification(verification: Verification | null): void {
    this.#verification = verification;
    this.#changed.emit();
  }

  /** Stops following; the job goes on. */
  dispose(): void {
    if (this.isDisposed) return;
    this.#over.abort();
    this.#renderer?.dispose();
    Signal.clearData(this);
  }

  #adopt(job: Job, spec: JobSpec): void {
    const records = newRecords(job, spec, this.anchorId);
    for (const [cellId, record] of records) {
      const cell = this.#options.cells.byId(cellId);
      if (cell) writeRecord(cell.model, record);
    }
    this.#record = records.get(this.anchorId) ?? null;
    this.#take(job);
    // A page that closes before the next autosave would forget a job that is paid for.
    void this.#options.cells.save();
  }

  async #render(client: Client, jobId: string): Promise<void> {
    // Before anything is emptied: the server shows a job to its owner only, and a notebook may be another's.
    if (this.#job === null) this.#take(await client.call("getJob", { params: { jobId } }));
    this.#renderer ??= this.#startRenderer(jobId);
    this.#move("following");
    const since = this.progress.seq;
    this.#take(await client.follow(jobId, { ...this.#listeners(), since, onEvents: this.#takeEvents }));
    this.#renderer.end();
    this.#leftOut = this.#renderer.leftOut;
    this.#renderer.dispose();
    this.#renderer = null;
    this.#write((record) => ({ ...record, isComplete: true }));
    this.#move("ended");
  }

  #startRenderer(jobId: string): JobRenderer {
    const find = (cellId: string) => this.#options.cells.find(jobId, cellId);
    const renderer = new JobRenderer({ ...this.#options.notices, find, answer: this.#answer });
    renderer.begin(this.pressed);
    return renderer;
  }

  #listeners() {
    return {
      onJob: this.#take,
      onLink: (link: "live" | "reconnecting") => {
        this.#link = link;
        this.#changed.emit();
      },
      signal: this.#over.signal,
    };
  }

  readonly #answer = (requestId: string, value: string): void => {
    const jobId = this.#record?.jobId;
    if (jobId === undefined) return;
    this.#client?.answerInput(jobId, requestId, value).catch((error: unknown) => {
      this.#error = asNebulaError(error);
      this.#changed.emit();
    });
  };

  readonly #takeEvents = (events: readonly TranscriptEvent[]): void => {
    this.#renderer?.take(events);
    if (this.progress.take(events)) this.#changed.emit();
  };

  readonly #take = (job: Job): void => {
    this.#job = job;
    this.#error = null;
    this.progress.takeJob(job);
    if (!isRunning(job.state)) this.#isCancelling = false;
    this.#write((record) => withJob(record, job));
    this.#changed.emit();
  };

  #write(change: (record: JobRecord) => JobRecord): void {
    const { errorName } = this.progress;
    const whole = (record: JobRecord): JobRecord => {
      const next = change(record);
      return next.failure && errorName !== null ? { ...next, failure: { ...next.failure, errorName } } : next;
    };
    if (this.#record === null) return;
    this.#record = whole(this.#record);
    this.#options.cells.updateRecords(this.#record.jobId, whole);
  }

  #lose(error: unknown): void {
    if (this.isDisposed) return;
    const problem = asNebulaError(error);
    // Outputs are whole once a job has ended; that its settlement could not be awaited takes nothing from them.
    if (this.#phase === "ended" || this.#record?.isComplete) return this.#move("ended");
    this.#error = problem instanceof NotAllowed && problem.code !== "ROLE_MISSING" ? null : problem;
    this.#move("detached");
  }

  #move(phase: RunPhase): void {
    this.#phase = phase;
    if (phase === "submitting") this.#error = null;
    this.#changed.emit();
  }
}
