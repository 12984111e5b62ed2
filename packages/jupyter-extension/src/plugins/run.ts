import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, IToolbarWidgetRegistry } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { CommandToolbarButton } from "@jupyterlab/ui-components";
import { COMMANDS } from "../commands/ids.ts";
import { addReceiptCommands } from "../commands/receipt.ts";
import { addRunCommands } from "../commands/run-cells.ts";
import { Selection } from "../commands/selection.ts";
import { rigIcon } from "../icons.ts";
import { PriceModel } from "../price/price-model.ts";
import { ICampus, INotebookJobs } from "../tokens.ts";

/** Asks for the price again whenever a press would run something else. */
function followSelection(tracker: INotebookTracker, price: PriceModel): void {
  const ask = (): void => price.ask();
  tracker.currentChanged.connect(ask);
  tracker.activeCellChanged.connect(ask);
  tracker.selectionChanged.connect(ask);
  tracker.widgetAdded.connect((_, panel) => panel.content.modelContentChanged.connect(ask));
}

/** Buttons show the icon, and as text the price, which the settings file cannot know. */
function addButtons(registry: IToolbarWidgetRegistry, commands: JupyterFrontEnd["commands"]): void {
  const make = (isShort: boolean) => () => {
    const args = { toolbar: true, isShort };
    const id = COMMANDS.runCells;
    const button = new CommandToolbarButton({
      commands,
      id,
      args,
      icon: rigIcon,
      label: () => commands.label(id, args),
    });
    button.addClass("jp-nebula-RunButton");
    return button;
  };
  registry.addFactory("Cell", "nebula-run-cells", make(true));
  registry.addFactory("Notebook", "nebula-run-cells", make(false));
}

/** *Run on GPU*, its price, and what can be done with a job. */
export const runPlugin: JupyterFrontEndPlugin<void> = {
  id: "@nebula/jupyter-extension:run",
  description: "Runs cells as paid jobs",
  autoStart: true,
  requires: [ICampus, INotebookJobs, INotebookTracker, IToolbarWidgetRegistry],
  optional: [ITranslator, ICommandPalette],
  // JupyterLab passes one argument for each token.
  // eslint-disable-next-line max-params
  activate: (
    app: JupyterFrontEnd,
    campus: ICampus,
    jobs: INotebookJobs,
    tracker: INotebookTracker,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("nebula");
    const { session } = campus;
    const selection = new Selection(tracker, campus, jobs);
    const price = new PriceModel(
      session,
      () => selection.capture()?.spec ?? null,
      () => performance.now(),
    );
    addRunCommands(app.commands, { selection, session, price, trans });
    addReceiptCommands(app.commands, { selection, session, trans });
    addButtons(toolbars, app.commands);
    followSelection(tracker, price);
    const { runCells, cancel, showReceipt, verifyReceipt, saveLog, saveFiles } = COMMANDS;
    for (const command of [runCells, cancel, showReceipt, verifyReceipt, saveLog, saveFiles]) {
      palette?.addItem({ command, category: trans.__("Nebula"), args: { isPalette: true } });
    }
  },
};
