import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { CampusSession } from "../session/campus-session.ts";
import { COMMANDS, NO_ARGS } from "./ids.ts";
import { reportError } from "./report.ts";

/** Signs in and says so when it did not work. The popup opens before anything is awaited. */
export async function signInAndReport(session: CampusSession, trans: TranslationBundle): Promise<void> {
  try {
    await session.signIn();
  } catch (error) {
    reportError(error, trans);
  }
}

/** Adds the commands of signing in and out. */
export function addSignInCommands(
  commands: JupyterFrontEnd["commands"],
  session: CampusSession,
  trans: TranslationBundle,
): void {
  const isSignedIn = (): boolean => session.state === "signed-in";
  commands.addCommand(COMMANDS.signIn, {
    label: trans.__("Sign in to Nebula"),
    caption: trans.__("Opens the sign-in page of the campus"),
    describedBy: { args: NO_ARGS },
    isEnabled: () => !isSignedIn() && session.campus !== null,
    execute: () => signInAndReport(session, trans),
  });
  commands.addCommand(COMMANDS.signOut, {
    label: () => (session.me ? trans.__("Sign out %1", session.me.username) : trans.__("Sign out of Nebula")),
    caption: trans.__("Ends the session in this browser; running jobs go on"),
    describedBy: { args: NO_ARGS },
    isEnabled: isSignedIn,
    execute: () => session.signOut(),
  });
  session.changed.connect(() => {
    commands.notifyCommandChanged(COMMANDS.signIn);
    commands.notifyCommandChanged(COMMANDS.signOut);
  });
}
