import { InvalidInput, SETUP_TAG, type JobCell } from "@nebula/protocol";

/** A cell of a notebook as far as a job needs it. `source` is one text. */
export interface NotebookCell {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tags: readonly string[];
}

const isCode = (cell: NotebookCell): boolean => cell.type === "code" && cell.source.trim() !== "";

/** Longest tag, and most tags of one cell, that a job takes along. */
const TAG_LENGTH_MAX = 64;
const TAGS_MAX = 32;

/**
 * Cells of the job that runs `selected`: the cells tagged `nebula-setup` above the last of them, then the selected ones, each
 * once, in the order of the notebook. Cells without code are left out; empty where no selected cell has code.
 */
export function jobCells(cells: readonly NotebookCell[], selected: ReadonlySet<string>): JobCell[] {
  const runnable = cells.filter(isCode);
  const last = runnable.findLastIndex((cell) => selected.has(cell.id));
  const until = runnable.slice(0, last + 1);
  const setup = until.filter((cell) => cell.tags.includes(SETUP_TAG) && !selected.has(cell.id));
  const run = until.filter((cell) => selected.has(cell.id));
  const take =
    (role: JobCell["role"]) =>
    ({ id, source, tags }: NotebookCell): JobCell => ({
      id,
      source,
      role,
      tags: tags.filter((tag) => tag.length <= TAG_LENGTH_MAX).slice(0, TAGS_MAX),
    });
  return [...setup.map(take("setup")), ...run.map(take("run"))];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(source: unknown): string {
  return Array.isArray(source) ? source.join("") : typeof source === "string" ? source : "";
}

function cellOf(value: unknown, index: number): NotebookCell {
  if (!isRecord(value))
    throw new InvalidInput(
      "INPUT_INVALID",
      `Expected cell ${String(index + 1)} of the notebook to be an object`,
    );
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const tags = Array.isArray(metadata["tags"])
    ? metadata["tags"].filter((tag) => typeof tag === "string")
    : [];
  const id = typeof value["id"] === "string" ? value["id"] : `cell-${String(index + 1)}`;
  return { id, type: String(value["cell_type"]), source: textOf(value["source"]), tags };
}

/** Cells of a notebook file (nbformat 4). Throws `InvalidInput` on anything else. */
export function readNotebook(text: string): NotebookCell[] {
  let notebook: unknown;
  try {
    notebook = JSON.parse(text);
  } catch (cause) {
    throw new InvalidInput("INPUT_INVALID", "Expected a notebook file (JSON); this is something else", {
      cause,
    });
  }
  if (!isRecord(notebook) || notebook["nbformat"] !== 4 || !Array.isArray(notebook["cells"])) {
    throw new InvalidInput(
      "INPUT_INVALID",
      "Expected a notebook of format 4; open and save it in JupyterLab first",
    );
  }
  return notebook["cells"].map(cellOf);
}
