import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import type { JobRun } from "../cell/job-run.ts";
import { COMMANDS } from "../commands/ids.ts";
import { Announcer } from "../status/announcer.ts";
import { StripPlacement, type PlacementOptions } from "../strip/placement.ts";
import type { StripAction } from "../strip/view.ts";
import { ICampus, INotebookJobs } from "../tokens.ts";

const COMMAND_OF = {
  cancel: COMMANDS.cancel,
  "sign-in": COMMANDS.signIn,
  "sign-in-for-receipt": COMMANDS.signIn,
  "show-receipt": COMMANDS.showReceipt,
  "verify-receipt": COMMANDS.verifyReceipt,
  "save-log": COMMANDS.saveLog,
  "save-files": COMMANDS.saveFiles,
  retry: COMMANDS.retry,
  dismiss: COMMANDS.dismiss,
} as const satisfies Record<StripAction, string>;

function actor(commands: JupyterFrontEnd["commands"]): PlacementOptions["act"] {
  return (run: JobRun, action: StripAction) =>
    void commands.execute(COMMAND_OF[action], { cellId: run.anchorId });
}

/** Puts the strip of its job under each cell. */
export const stripsPlugin: JupyterFrontEndPlugin<void> = {
  id: "@nebula/jupyter-extension:strips",
  description: "Shows each job under its cell",
  autoStart: true,
  requires: [ICampus, INotebookJobs, INotebookTracker],
  optional: [ITranslator],
  // JupyterLab passes one argument for each token.
  // eslint-disable-next-line max-params
  activate: (
    app: JupyterFrontEnd,
    campus: ICampus,
    notebookJobs: INotebookJobs,
    tracker: INotebookTracker,
    translator: ITranslator | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("nebula");
    const announcer = new Announcer(document);
    const act = actor(app.commands);
    const announce = (text: string): void => announcer.say(text);
    const place = (panel: NotebookPanel): void => {
      const jobs = notebookJobs.of(panel);
      if (jobs === null) return;
      const placement = new StripPlacement({ panel, jobs, session: campus.session, trans, act, announce });
      panel.disposed.connect(() => placement.dispose());
    };
    tracker.forEach(place);
    notebookJobs.opened.connect((_, panel) => place(panel));
  },
};
