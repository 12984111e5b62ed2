import { CodeCell } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { readRecord, writeRecord, type JobRecord } from "./record.ts";

/** The code cells of one notebook document, as seen through the views that are open of it. */
export class NotebookCells {
  readonly #panels = new Set<NotebookPanel>();

  /** Adds a view; returns whether it is the first one. */
  add(panel: NotebookPanel): boolean {
    this.#panels.add(panel);
    return this.#panels.size === 1;
  }

  /** Removes a view; returns whether none is left. */
  remove(panel: NotebookPanel): boolean {
    this.#panels.delete(panel);
    return this.#panels.size === 0;
  }

  get title(): string {
    const [panel] = this.#panels;
    return panel?.title.label ?? "";
  }

  /** Code cells in order, as widgets of the first view. */
  get all(): readonly CodeCell[] {
    const [panel] = this.#panels;
    return (panel?.content.widgets ?? []).filter((cell): cell is CodeCell => cell instanceof CodeCell);
  }

  /** Writes the notebook to its file, where that may be written. */
  async save(): Promise<void> {
    const [panel] = this.#panels;
    if (panel?.context.contentsModel?.writable !== true) return;
    // JupyterLab has told the student already.
    await panel.context.save().catch(() => undefined);
  }

  byId(id: string): CodeCell | null {
    return this.all.find((cell) => cell.model.id === id) ?? null;
  }

  /** The cell that shows what `cellId` of `jobId` printed: by its id, or by its record where ids were renewed. */
  find(jobId: string, cellId: string): CodeCell | null {
    const mine = this.all.filter((cell) => {
      const record = readRecord(cell.model);
      return record?.jobId === jobId && record.cell === cellId && !record.isSuperseded;
    });
    return mine.find((cell) => cell.model.id === cellId) ?? mine[0] ?? null;
  }

  /** Cells of the notebook with the records they hold, without copies of a cell that is still there. */
  recorded(): { cell: CodeCell; record: JobRecord }[] {
    const { all } = this;
    const ids = new Set(all.map((cell) => cell.model.id));
    return all.flatMap((cell) => {
      const record = readRecord(cell.model);
      if (record === null) return [];
      const isCopy = record.cell !== cell.model.id && ids.has(record.cell);
      return isCopy ? [] : [{ cell, record }];
    });
  }

  /** Changes the records of a job's cells. */
  updateRecords(jobId: string, change: (record: JobRecord) => JobRecord): void {
    for (const { cell, record } of this.recorded()) {
      if (record.jobId === jobId) writeRecord(cell.model, change(record));
    }
  }
}
