import { CodeCell } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IDisposable } from "@lumino/disposable";
import { PanelLayout } from "@lumino/widgets";
import { Signal } from "@lumino/signaling";
import type { NotebookJobs } from "../cell/notebook-jobs.ts";
import type { JobRun } from "../cell/job-run.ts";
import { codeHashOf, readRecord } from "../cell/record.ts";
import type { CampusSession } from "../session/campus-session.ts";
import type { TranslationBundle } from "@jupyterlab/translation";
import { JobStrip } from "./JobStrip.tsx";
import { memberText, viewOf, type StripAction, type StripView } from "./view.ts";

export interface PlacementOptions {
  readonly panel: NotebookPanel;
  readonly jobs: NotebookJobs;
  readonly session: CampusSession;
  readonly trans: TranslationBundle;
  readonly act: (run: JobRun, action: StripAction) => void;
  /** Says aloud how a job stands now. */
  readonly announce: (text: string) => void;
}

const TICK_MS = 1_000;

/** Puts the strip between input and outputs; a cell that is not built yet gets it when it is. */
async function insertStrip(cell: CodeCell, strip: JobStrip): Promise<void> {
  await cell.ready;
  if (cell.isDisposed || strip.isDisposed || !(cell.layout instanceof PanelLayout)) return;
  const at = cell.layout.widgets.findIndex((widget) => widget.hasClass("jp-Cell-inputWrapper"));
  cell.layout.insertWidget(at + 1, strip);
}

/** The strips in one view of a notebook. */
export class StripPlacement implements IDisposable {
  readonly #options: PlacementOptions;
  readonly #strips = new Map<CodeCell, JobStrip>();
  readonly #titles = new Map<JobRun, string>();
  #ticker: ReturnType<typeof setInterval> | null = null;
  #isDue = false;
  #isDisposed = false;

  constructor(options: PlacementOptions) {
    this.#options = options;
    const { jobs, panel, session } = options;
    jobs.changed.connect(this.#request, this);
    session.changed.connect(this.#request, this);
    panel.content.modelContentChanged.connect(this.#request, this);
    this.#request();
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#ticker !== null) clearInterval(this.#ticker);
    Signal.clearData(this);
    for (const strip of this.#strips.values()) strip.dispose();
    this.#strips.clear();
  }

  /** Draws once, however many changes come in one turn. */
  #request(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (!this.#isDisposed) this.#draw();
    });
  }

  #draw(): void {
    const { jobs, panel } = this.#options;
    const shown = new Set<CodeCell>();
    for (const cell of panel.content.widgets) {
      if (!(cell instanceof CodeCell) || jobs.runOf(cell.model.id) === null) continue;
      shown.add(cell);
      this.#stripOf(cell).refresh();
    }
    for (const [cell, strip] of this.#strips) {
      if (shown.has(cell)) continue;
      strip.dispose();
      this.#strips.delete(cell);
    }
    this.#tick(jobs.runs.some((run) => run.isLive));
  }

  #stripOf(cell: CodeCell): JobStrip {
    const known = this.#strips.get(cell);
    if (known) return known;
    const strip = new JobStrip({
      trans: this.#options.trans,
      look: () => this.#look(cell),
      act: (action) => {
        const run = this.#options.jobs.runOf(cell.model.id);
        if (run) this.#options.act(run, action);
      },
    });
    this.#strips.set(cell, strip);
    void insertStrip(cell, strip);
    return strip;
  }

  #look(cell: CodeCell): StripView | string | null {
    const { jobs, session, trans } = this.#options;
    const run = jobs.runOf(cell.model.id);
    if (run === null) return null;
    if (run.anchorId !== cell.model.id) return memberText(run, cell.model.id, trans);
    const record = readRecord(cell.model);
    const isStale = record !== null && record.codeHash !== codeHashOf(cell.model.sharedModel.getSource());
    const isSuperseded = record?.isSuperseded ?? false;
    const isSignedIn = session.state === "signed-in";
    const strip = viewOf(run, { trans, isStale, isSuperseded, isSignedIn, offerings: session.offerings });
    this.#announce(run, strip);
    return strip;
  }

  #announce(run: JobRun, { title, facts }: StripView): void {
    const before = this.#titles.get(run);
    this.#titles.set(run, title);
    // What a notebook was opened with is no news.
    if (before !== undefined && before !== title)
      this.#options.announce([title, facts[0]].filter(Boolean).join(", "));
  }

  /** Elapsed time and cost go on between events. */
  #tick(isLive: boolean): void {
    if (isLive) this.#ticker ??= setInterval(() => this.#request(), TICK_MS);
    if (isLive || this.#ticker === null) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
  }
}
