import type { ICellModel } from "@jupyterlab/cells";
import { jobSpecSchema, SETUP_TAG, type JobSpec } from "@nebula/protocol";

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
  if (!Array.isArray(tags)) return [];
  return tags.filter((tag): tag is string => typeof tag === "string" && tag.length <= 64).slice(0, 32);
}

function isRunnable(cell: ICellModel): boolean {
  return cell.type === "code" && cell.sharedModel.getSource().trim() !== "";
}

/**
 * Takes the cells of a press: the cells tagged `nebula-setup` above, then the selected ones, each in the order of the
 * notebook. Null where no selected cell has code.
 */
export function captureCells(press: Press, choice: Choice): Capture | null {
  const runnable = press.cells.filter(isRunnable);
  const run = runnable.filter((cell) => press.selected.has(cell.id));
  const last = run.at(-1);
  if (last === undefined) return null;
  const above = runnable.slice(0, runnable.indexOf(last));
  const setup = above.filter((cell) => !press.selected.has(cell.id) && tagsOf(cell).includes(SETUP_TAG));
  const take = (role: "setup" | "run") => (cell: ICellModel) => ({
    id: cell.id,
    source: cell.sharedModel.getSource(),
    role,
    tags: tagsOf(cell),
  });
  const spec = jobSpecSchema.parse({
    v: 1,
    image: choice.image,
    class: choice.rigClass,
    cells: [...setup.map(take("setup")), ...run.map(take("run"))],
    timeLimitMs: choice.timeLimitMs,
    title: choice.title.slice(0, 200),
  });
  const active = run.find((cell) => cell.id === press.activeId);
  return { spec, anchorId: (active ?? last).id };
}
