import { Notification } from "@jupyterlab/apputils";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { UUID } from "@lumino/coreutils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Unavailable } from "@nebula/protocol";
import type { Capture } from "../cell/capture.ts";
import type { JobRun } from "../cell/job-run.ts";
import { runCaption, runLabel, shortRunLabel } from "../price/label.ts";
import type { PriceModel } from "../price/price-model.ts";
import type { CampusSession } from "../session/campus-session.ts";
import { rigIcon } from "../icons.ts";
import { CELL_ARGS, COMMANDS, NO_ARGS } from "./ids.ts";
import { reportError } from "./report.ts";
import type { Selection } from "./selection.ts";
import { signInAndReport } from "./sign-in.ts";

export interface RunContext {
  readonly selection: Selection;
  readonly session: CampusSession;
  readonly price: PriceModel;
  readonly trans: TranslationBundle;
}

async function submit(context: RunContext, capture: Capture | null): Promise<void> {
  const { selection, trans, session } = context;
  const { jobs } = selection;
  if (capture === null || jobs === null) {
    Notification.info(trans.__("Select at least one cell with code, then run it on the campus."), {
      autoClose: 5_000,
    });
    return;
  }
  const pressed = capture.spec.cells.filter((cell) => cell.role === "run").map((cell) => cell.id);
  const live = jobs.liveRunOf(pressed);
  if (live !== null) {
    const cancel = { label: trans.__("Cancel that job"), callback: () => void live.cancel(session.client) };
    Notification.warning(
      trans.__("This cell is part of a job that is not over. Wait for it, or cancel it first."),
      {
        autoClose: 8_000,
        actions: [cancel],
      },
    );
    return;
  }
  await jobs.press(capture, UUID.uuid4());
}

/** Presses *Run on GPU*: signs in first where nobody is, and then runs nothing before a price was seen. */
export async function press(context: RunContext): Promise<void> {
  const { session, trans, selection } = context;
  switch (session.state) {
    case "signed-out":
    case "signing-in":
      return signInAndReport(session, trans);
    case "away":
    case "connecting":
      reportError(
        new Unavailable("SERVER_AWAY", trans.__("The campus at %1 does not answer.", session.serverUrl)),
        trans,
      );
      return;
    case "signed-in":
      return submit(context, selection.capture());
  }
}

/**
 * Tries a job again that was not submitted. After a cut connection it is the same press, so that a job which did get
 * through is found, not doubled; after a refusal the cells are taken anew.
 */
export async function retry(context: RunContext, run: JobRun): Promise<void> {
  if (run.error instanceof Unavailable && run.spec !== null && run.key !== null) {
    return run.submit(context.session.client, run.spec, run.key);
  }
  return submit(context, context.selection.captureIds(new Set(run.pressed)));
}

function labelOf(
  args: { readonly isPalette?: unknown; readonly isShort?: unknown },
  context: RunContext,
): string {
  const { price, trans } = context;
  if (args.isPalette === true) return trans.__("Run on GPU");
  return args.isShort === true ? shortRunLabel(price.facts, trans) : runLabel(price.facts, trans);
}

/** Adds *Run on GPU* and its cancel. */
export function addRunCommands(commands: JupyterFrontEnd["commands"], context: RunContext): void {
  const { price, selection, session, trans } = context;
  const isMenu = (args: { readonly toolbar?: unknown }): boolean => args.toolbar !== true;
  commands.addCommand(COMMANDS.runCells, {
    label: (args) => labelOf(args, context),
    caption: () => runCaption(price.facts, trans),
    icon: (args) => (isMenu(args) ? rigIcon : undefined),
    describedBy: { args: NO_ARGS },
    isEnabled: () => selection.panel !== null,
    execute: () => press(context),
  });
  commands.addCommand(COMMANDS.cancel, {
    label: trans.__("Cancel Job on the Campus"),
    caption: trans.__("Stops the job of this cell; output up to then is kept"),
    describedBy: { args: CELL_ARGS },
    isEnabled: (args) => selection.run(args)?.isLive ?? false,
    execute: async (args) => selection.run(args)?.cancel(session.client),
  });
  addRefusedCommands(commands, context);
  price.changed.connect(() => {
    commands.notifyCommandChanged(COMMANDS.runCells);
  });
}

function addRefusedCommands(commands: JupyterFrontEnd["commands"], context: RunContext): void {
  const { selection, trans } = context;
  const refused = (args: { readonly cellId?: unknown }): JobRun | null => {
    const run = selection.run(args);
    return run?.phase === "refused" ? run : null;
  };
  commands.addCommand(COMMANDS.retry, {
    label: trans.__("Try to Submit Job Again"),
    describedBy: { args: CELL_ARGS },
    isEnabled: (args) => refused(args) !== null,
    execute: async (args) => {
      const run = refused(args);
      if (run) await retry(context, run);
    },
  });
  commands.addCommand(COMMANDS.dismiss, {
    label: trans.__("Dismiss Job That Was Not Submitted"),
    describedBy: { args: CELL_ARGS },
    isEnabled: (args) => refused(args) !== null,
    execute: (args) => {
      const run = refused(args);
      if (run) selection.jobs?.dismiss(run);
    },
  });
}
