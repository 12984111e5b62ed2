import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { JobRun } from "../cell/job-run.ts";
import type { NotebookJobs } from "../cell/notebook-jobs.ts";
import { captureCells, type Capture } from "../cell/capture.ts";
import { choiceOf } from "../session/choice.ts";
import type { ICampus, INotebookJobs } from "../tokens.ts";

/** Where the student is: the current notebook, its cells, and the job of a cell. */
export class Selection {
  readonly #tracker: INotebookTracker;
  readonly #campus: ICampus;
  readonly #notebookJobs: INotebookJobs;

  constructor(tracker: INotebookTracker, campus: ICampus, notebookJobs: INotebookJobs) {
    this.#tracker = tracker;
    this.#campus = campus;
    this.#notebookJobs = notebookJobs;
  }

  get panel(): NotebookPanel | null {
    return this.#tracker.currentWidget;
  }

  get jobs(): NotebookJobs | null {
    return this.panel && this.#notebookJobs.of(this.panel);
  }

  /** The job of a press now; null where it would run nothing or the campus has not said what it offers. */
  capture(): Capture | null {
    const content = this.panel?.content;
    if (!content) return null;
    const selected = content.widgets.filter((cell) => content.isSelectedOrActive(cell));
    return this.captureIds(new Set(selected.map((cell) => cell.model.id)));
  }

  /** The job of a press on certain cells. */
  captureIds(selected: ReadonlySet<string>): Capture | null {
    const { panel } = this;
    const choice = choiceOf(this.#campus.preferences, this.#campus.session.offerings);
    if (panel === null || choice === null) return null;
    const cells = panel.content.widgets.map((cell) => cell.model);
    const activeId = panel.content.activeCell?.model.id ?? null;
    return captureCells({ cells, selected, activeId }, { ...choice, title: panel.title.label });
  }

  /** The job of the cell that a command's arguments name, or of the active cell. */
  run(args: { readonly cellId?: unknown }): JobRun | null {
    const named = typeof args.cellId === "string" ? args.cellId : null;
    const cellId = named ?? this.panel?.content.activeCell?.model.id;
    return cellId === undefined ? null : (this.jobs?.runOf(cellId) ?? null);
  }
}
