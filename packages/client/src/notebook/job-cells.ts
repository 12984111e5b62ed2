import { InvalidInput, SETUP_TAG, type JobCell } from "@nebula/protocol";

/** A cell of a notebook as far as a job needs it. `source` is one text. */
export interface NotebookCell {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tags: readonly string[];
}

const isCode = (cell: NotebookCell): boolean => cell.type === "code" && cell.source.trim() !== "";

/**
 * Cells of the job that runs `selected`: the cells tagged `nebula-setup` above the last selected one, then the selected
 * ones, each once, in the order of the notebook. Cells without code are left out. Throws `InvalidInput` when nothing is left to run.
 */
export function jobCells(cells: readonly NotebookCell[], selected: ReadonlySet<string>): JobCell[] {
  const last = cells.findLastIndex((cell) => selected.has(cell.id));
  const runs = cells.filter((cell) => selected.has(cell.id) && isCode(cell));
  if (runs.length === 0)
    throw new InvalidInput(
      "INPUT_INVALID",
      "Expected at least one code cell with code in it; select one and run again",
    );
  const setup = cells
    .slice(0, last + 1)
    .filter((cell) => cell.tags.includes(SETUP_TAG) && !selected.has(cell.id) && isCode(cell));
  const asJobCell =
    (role: JobCell["role"]) =>
    (cell: NotebookCell): JobCell => ({ id: cell.id, source: cell.source, role, tags: [...cell.tags] });
  return [...setup.map(asJobCell("setup")), ...runs.map(asJobCell("run"))];
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
