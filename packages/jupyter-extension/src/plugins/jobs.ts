import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import {
  INotebookTracker,
  NotebookActions,
  type INotebookModel,
  type NotebookPanel,
} from "@jupyterlab/notebook";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { Signal, type ISignal } from "@lumino/signaling";
import type { CellLeftOut } from "../cell/cell-output.ts";
import { NotebookJobs, type JobsOptions } from "../cell/notebook-jobs.ts";
import { browserWriterLock } from "../cell/writer-lock.ts";
import { formatBytes } from "../strip/words.ts";
import { ICampus, INotebookJobs } from "../tokens.ts";

/** Jobs by document: two views of one notebook share them. */
class OpenNotebooks implements INotebookJobs {
  readonly #jobs = new Map<INotebookModel, NotebookJobs>();
  readonly #make: () => NotebookJobs;
  readonly #opened = new Signal<INotebookJobs, NotebookPanel>(this);

  constructor(make: () => NotebookJobs) {
    this.#make = make;
  }

  get opened(): ISignal<INotebookJobs, NotebookPanel> {
    return this.#opened;
  }

  of(panel: NotebookPanel): NotebookJobs | null {
    return panel.isDisposed || panel.model === null ? null : (this.#jobs.get(panel.model) ?? null);
  }

  async open(panel: NotebookPanel): Promise<void> {
    await Promise.all([panel.context.ready, panel.revealed]);
    const { model } = panel;
    if (panel.isDisposed || model === null) return;
    const jobs = this.#jobs.get(model) ?? this.#make();
    this.#jobs.set(model, jobs);
    jobs.open(panel);
    this.#opened.emit(panel);
    panel.disposed.connect(() => {
      if (!jobs.close(panel)) return;
      jobs.dispose();
      this.#jobs.delete(model);
    });
  }

  supersede(model: INotebookModel | null, cellId: string): void {
    if (model !== null) this.#jobs.get(model)?.supersede(cellId);
  }
}

function notices(trans: TranslationBundle): JobsOptions["notices"] {
  return {
    notice: (left: CellLeftOut) =>
      trans.__(
        "… %1 more lines (%2) and %3 more displays are in the job's full log.",
        left.lines,
        formatBytes(left.bytes),
        left.displays,
      ),
    skippedNotice: ({ bytes, displays }) =>
      trans.__(
        "… the campus skipped %1 bytes and %2 displays here: the job's output passed its cap.",
        bytes,
        displays,
      ),
  };
}

/** Follows the jobs of every open notebook, and brings them back when one is opened. */
export const jobsPlugin: JupyterFrontEndPlugin<INotebookJobs> = {
  id: "@nebula/jupyter-extension:jobs",
  description: "Follows the jobs of open notebooks",
  autoStart: true,
  provides: INotebookJobs,
  requires: [ICampus, INotebookTracker],
  optional: [ITranslator],
  // JupyterLab passes one argument for each token.
  // eslint-disable-next-line max-params
  activate: (
    _: JupyterFrontEnd,
    campus: ICampus,
    tracker: INotebookTracker,
    translator: ITranslator | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("nebula");
    const lock = browserWriterLock("locks" in navigator ? navigator.locks : undefined);
    const options: JobsOptions = { lock, now: () => performance.now(), notices: notices(trans) };
    const open = new OpenNotebooks(() => new NotebookJobs(campus.session, options));
    tracker.forEach((panel) => void open.open(panel));
    tracker.widgetAdded.connect((__, panel) => void open.open(panel));
    NotebookActions.executionScheduled.connect((__, { notebook, cell }) => {
      open.supersede(notebook.model, cell.model.id);
    });
    return open;
  },
};
