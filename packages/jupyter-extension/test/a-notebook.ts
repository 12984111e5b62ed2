import "./polyfills.ts";
import { CodeCell, type ICodeCellModel } from "@jupyterlab/cells";
import { NotebookModel, type NotebookPanel } from "@jupyterlab/notebook";
import type { INotebookContent } from "@jupyterlab/nbformat";
import { RenderMimeRegistry, standardRendererFactories } from "@jupyterlab/rendermime";
import { Cell } from "@jupyterlab/cells";
import { NotebookCells } from "../src/cell/notebook-cells.ts";

export interface CellSketch {
  readonly id: string;
  readonly source?: string;
  readonly type?: "code" | "markdown" | "raw";
  readonly metadata?: Record<string, unknown>;
}

const noEditor = (): never => {
  throw new Error("No test builds an editor");
};
const rendermime = new RenderMimeRegistry({ initialFactories: standardRendererFactories });
const contentFactory = new Cell.ContentFactory({ editorFactory: noEditor });

/** A notebook's model with these cells. */
export function aModel(cells: readonly CellSketch[]): NotebookModel {
  const model = new NotebookModel();
  model.fromJSON({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: cells.map(({ id, source = "", type = "code", metadata = {} }) => ({
      id,
      source,
      cell_type: type,
      metadata: metadata as never, // nbformat's type forbids what a damaged file may hold
      ...(type === "code" ? { outputs: [], execution_count: null } : {}),
    })),
  });
  return model;
}

/** A view of `model`: real code cells with real output areas, in a panel that has nothing else. `saved` gets what is written. */
export function aPanel(model: NotebookModel, saved: INotebookContent[] = []): NotebookPanel {
  const widgets = [...model.cells].map((cell) =>
    cell.type === "code"
      ? new CodeCell({ model: cell as ICodeCellModel, rendermime, contentFactory, placeholder: true })
      : null,
  );
  const content = { widgets: widgets.filter((widget) => widget !== null) };
  const context = {
    contentsModel: { writable: true },
    save: async () => void saved.push(model.toJSON()),
  };
  // Only what NotebookCells reads of a panel.
  return { content, context, title: { label: "lesson.ipynb" }, model } as unknown as NotebookPanel;
}

/** A notebook with one view. */
export function aNotebook(sketches: readonly CellSketch[]): {
  model: NotebookModel;
  panel: NotebookPanel;
  saved: INotebookContent[];
  cells: NotebookCells;
  outputs: (id: string) => unknown[];
} {
  const model = aModel(sketches);
  const saved: INotebookContent[] = [];
  const panel = aPanel(model, saved);
  const cells = new NotebookCells();
  cells.add(panel);
  return { model, panel, saved, cells, outputs: (id) => cells.byId(id)?.model.outputs.toJSON() ?? [] };
}
