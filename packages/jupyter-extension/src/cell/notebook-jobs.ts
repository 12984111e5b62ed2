import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IDisposable } from "@lumino/disposable";
import { Signal, type ISignal } from "@lumino/signaling";
import type { CampusSession } from "../session/campus-session.ts";
import type { Capture } from "./capture.ts";
import { JobRun, type RunOptions } from "./job-run.ts";
import { NotebookCells } from "./notebook-cells.ts";
import { writeRecord } from "./record.ts";

export type JobsOptions = Pick<RunOptions, "lock" | "now" | "notices">;

/** Jobs of one notebook document, those of this page and those that it was saved with. */
export class NotebookJobs implements IDisposable {
  readonly cells = new NotebookCells();
  readonly #session: CampusSession;
  readonly #options: JobsOptions;
  readonly #changed = new Signal<this, void>(this);
  /** By anchor: a cell carries at most one strip, that of its latest job. */
  readonly #runs = new Map<string, JobRun>();
  #isDisposed = false;

  constructor(session: CampusSession, options: JobsOptions) {
    this.#session = session;
    this.#options = options;
    session.changed.connect(this.#reattach, this);
  }

  /** Emitted when a job came, went or changed. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }
  get runs(): readonly JobRun[] {
    return [...this.#runs.values()];
  }
  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Adds a view of the notebook; the first one brings back the jobs it was saved with. */
  open(panel: NotebookPanel): void {
    if (this.cells.add(panel)) this.restore();
  }

  /** Removes a view; returns whether none is left. The jobs go on, here or on the campus. */
  close(panel: NotebookPanel): boolean {
    const wasWriting = this.cells.all.some((cell) => panel.content.widgets.includes(cell));
    const isLast = this.cells.remove(panel);
    if (!isLast && wasWriting) this.restore();
    return isLast;
  }

  /** The job that a cell belongs to, as pressed, set-up or anchor; the latest where there are several. */
  runOf(cellId: string): JobRun | null {
    const own = this.#runs.get(cellId);
    if (own) return own;
    return this.runs.findLast((run) => run.pressed.includes(cellId)) ?? null;
  }

  /** A job that still writes into one of `cellIds`. */
  liveRunOf(cellIds: readonly string[]): JobRun | null {
    return this.runs.find((run) => run.isLive && run.pressed.some((id) => cellIds.includes(id))) ?? null;
  }

  /** Submits what was captured and follows it. `key` is the press: the same key never makes a second job. */
  async press(capture: Capture, key: string): Promise<void> {
    const pressed = capture.spec.cells.filter((cell) => cell.role === "run").map((cell) => cell.id);
    for (const id of pressed) this.#drop(id);
    const run = this.#add({ anchorId: capture.anchorId, pressed });
    await run.submit(this.#session.client, capture.spec, key);
  }

  /** Reads the records of all cells and takes up every job that is not shown yet or not finished. */
  restore(): void {
    for (const run of this.runs) this.#drop(run.anchorId);
    const recorded = this.cells.recorded();
    for (const { cell, record } of recorded) {
      if (!record.isAnchor) continue;
      const same = recorded.filter(
        (other) => other.record.jobId === record.jobId && other.record.role === "run",
      );
      const pressed = same.map((other) => other.record.cell);
      const options: RunOptions = this.#runOptions({ anchorId: cell.model.id, pressed });
      this.#register(new JobRun(options, record));
    }
    this.#reattach();
    this.#changed.emit();
  }

  /** The cell was run elsewhere: what stands below it is no longer the job's. */
  supersede(cellId: string): void {
    for (const { cell, record } of this.cells.recorded()) {
      if (cell.model.id === cellId) writeRecord(cell.model, { ...record, isSuperseded: true });
    }
    this.#changed.emit();
  }

  /** Takes the strip of a job away that was never submitted. */
  dismiss(run: JobRun): void {
    this.#drop(run.anchorId);
    this.#changed.emit();
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const run of this.runs) run.dispose();
    this.#runs.clear();
    Signal.clearData(this);
  }

  #reattach(): void {
    if (this.#session.state !== "signed-in") return;
    for (const run of this.runs) {
      const isSettled = run.record?.isComplete && (run.record.state === "settled" || run.record.isSuperseded);
      if (run.phase !== "refused" && run.phase !== "submitting" && !isSettled)
        void run.follow(this.#session.client);
    }
  }

  #runOptions(own: Pick<RunOptions, "anchorId" | "pressed">): RunOptions {
    return { ...this.#options, ...own, cells: this.cells };
  }

  #add(own: Pick<RunOptions, "anchorId" | "pressed">): JobRun {
    return this.#register(new JobRun(this.#runOptions(own)));
  }

  #register(run: JobRun): JobRun {
    this.#runs.set(run.anchorId, run);
    run.changed.connect(() => {
      this.#changed.emit();
    });
    return run;
  }

  #drop(anchorId: string): void {
    this.#runs.get(anchorId)?.dispose();
    this.#runs.delete(anchorId);
  }
}
