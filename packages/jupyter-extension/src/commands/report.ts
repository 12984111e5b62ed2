import { Notification } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { asNebulaError } from "../session/campus-session.ts";
import { whoCanAct } from "../strip/words.ts";

/** Tells the student that something did not work, who can act, and what to do. */
export function reportError(error: unknown, trans: TranslationBundle): void {
  const known = asNebulaError(error);
  Notification.error(`${known.message}\n${whoCanAct(known.row.who, trans)} ${known.row.remedy}`, {
    autoClose: 10_000,
  });
}
