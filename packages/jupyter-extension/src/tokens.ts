import { Token } from "@lumino/coreutils";
import type { ISignal } from "@lumino/signaling";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { NotebookJobs } from "./cell/notebook-jobs.ts";
import type { Preferences } from "./session/choice.ts";
import type { CampusSession } from "./session/campus-session.ts";

/** The campus and who is signed in, with what the settings say. */
export interface ICampus {
  readonly session: CampusSession;
  readonly preferences: Preferences;
}

/** Provided once; other extensions may read prices, balance and offerings through it. Tokens are not to be had. */
export const ICampus = new Token<ICampus>(
  "@nebula/jupyter-extension:ICampus",
  "The campus and who is signed in",
);

/** Jobs of the notebooks that are open. */
export interface INotebookJobs {
  /** Emitted for each view of a notebook once its jobs are known. */
  readonly opened: ISignal<INotebookJobs, NotebookPanel>;
  /** Jobs of the document that `panel` shows; null for a panel that is not ready or gone. */
  of(panel: NotebookPanel): NotebookJobs | null;
}

export const INotebookJobs = new Token<INotebookJobs>(
  "@nebula/jupyter-extension:INotebookJobs",
  "Jobs of open notebooks",
);
