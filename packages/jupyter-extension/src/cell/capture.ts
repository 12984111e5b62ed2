import type { ICellModel } from "@jupyterlab/cells";
import { jobCells, type NotebookCell } from "@nebula/client";
import { jobSpecSchema, type JobSpec } from "@nebula/protocol";

/** What the student chose beside the cells. */
export interface Choice {
  readonly image: string;
  readonly rigClass: string;
  readonly timeLimitMs: number;
  /** Name of the notebook, for people only. */
  readonly title: string;
}

export interface Press {
  /** All cells of the notebook, in order. */
  readonly cells: readonly ICellModel[];
  /** Ids of the selected cells. */
  readonly selected: ReadonlySet<string>;
  readonly activeId: string | null;
}

/** The job that a press stands for, as the cells were at that moment. */
export interface Capture {
  readonly spec: JobSpec;
  /** The cell that carries the job's strip. */
  readonly anchorId: string;
}

function tagsOf(cell: ICellModel): string[] {
  const tags: unknown = cell.getMetadata("tags");
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === "string") : [];
}

function asNotebookCell(cell: ICellModel): NotebookCell {
  return { id: cell.id, type: cell.type, source: cell.sharedModel.getSource(), tags: tagsOf(cell) };
}

/** Takes the cells of a press as they are now. Null where no selected cell has code. */
export function captureCells(press: Press, choice: Choice): Capture | null {
  const cells = jobCells(press.cells.map(asNotebookCell), press.selected);
  const last = cells.at(-1);
  if (last === undefined) return null;
  const spec = jobSpecSchema.parse({
    v: 1,
    image: choice.image,
    class: choice.rigClass,
    cells,
    timeLimitMs: choice.timeLimitMs,
    title: choice.title.slice(0, 200),
  });
  const active = cells.find((cell) => cell.role === "run" && cell.id === press.activeId);
  return { spec, anchorId: (active ?? last).id };
}
