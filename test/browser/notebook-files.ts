import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A code cell as the tests sketch it. */
export interface CellSketch {
  readonly id: string;
  readonly source: string;
  readonly tags?: readonly string[];
}

interface SavedCell {
  readonly id: string;
  readonly metadata: { readonly nebula?: Record<string, unknown> };
  readonly outputs?: readonly unknown[];
}

/** Lays a notebook of these code cells into the student's folder. */
export async function layNotebook(path: string, cells: readonly CellSketch[]): Promise<void> {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "python3", display_name: "Python 3 (ipykernel)", language: "python" } },
    cells: cells.map(({ id, source, tags = [] }) => ({
      id,
      cell_type: "code",
      source,
      metadata: { tags },
      outputs: [],
      execution_count: null,
    })),
  };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(notebook));
}

/** A cell as it stands in the saved file. */
export async function savedCell(folder: string, path: string, id: string): Promise<SavedCell> {
  const text = await readFile(join(folder, path), "utf8");
  const { cells } = JSON.parse(text) as { readonly cells: readonly SavedCell[] }; // nbformat 4.5
  const cell = cells.find((candidate) => candidate.id === id);
  if (cell === undefined) throw new Error(`${path} has no cell ${id}`);
  return cell;
}
