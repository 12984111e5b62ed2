import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { createClient } from "@nebula/client";
import { popupSignIn } from "@nebula/client/browser";
import { COMMANDS } from "../commands/ids.ts";
import { addSignInCommands } from "../commands/sign-in.ts";
import { CampusSession } from "../session/campus-session.ts";
import { DEFAULT_PREFERENCES, preferencesOf, type Preferences } from "../session/choice.ts";
import { ICampus } from "../tokens.ts";

const ID = "@nebula/jupyter-extension:plugin";

// Taken when the module is read: code in a notebook's output runs in this page later and could put its own in place.
const pristineFetch = globalThis.fetch.bind(globalThis);

class CampusOfSettings implements ICampus {
  readonly session = new CampusSession(DEFAULT_PREFERENCES.serverUrl, {
    createClient,
    popupSignIn,
    window,
    fetch: pristineFetch,
  });
  #preferences = DEFAULT_PREFERENCES;

  get preferences(): Preferences {
    return this.#preferences;
  }

  /** Takes settings over; the first call connects. */
  async apply(preferences: Preferences, isFirst: boolean): Promise<void> {
    this.#preferences = preferences;
    if (preferences.serverUrl !== this.session.serverUrl) return this.session.moveTo(preferences.serverUrl);
    if (isFirst) await this.session.connect();
  }
}

async function follow(registry: ISettingRegistry, campus: CampusOfSettings): Promise<void> {
  const settings = await registry.load(ID).catch(() => null);
  if (settings === null) return campus.apply(DEFAULT_PREFERENCES, true);
  settings.changed.connect(() => void campus.apply(preferencesOf(settings.composite), false));
  await campus.apply(preferencesOf(settings.composite), true);
}

function isCampus(blocked: string, serverUrl: string): boolean {
  return URL.canParse(blocked) && new URL(blocked).host === new URL(serverUrl).host;
}

/** A page that forbids the connection looks like a network that is down; the browser alone knows better. */
function explainBlockedConnections(session: CampusSession, trans: TranslationBundle): void {
  let isSaid = false;
  document.addEventListener("securitypolicyviolation", (event) => {
    if (isSaid || !isCampus(event.blockedURI, session.serverUrl)) return;
    isSaid = true;
    Notification.error(
      trans.__(
        "This JupyterLab forbids connections to %1. Ask whoever runs it to allow that address.",
        session.serverUrl,
      ),
      { autoClose: false },
    );
  });
}

/** The way to the campus: settings, sign-in, offerings, balance. */
export const campusPlugin: JupyterFrontEndPlugin<ICampus> = {
  id: ID,
  description: "Connects to a Nebula campus and signs in",
  autoStart: true,
  provides: ICampus,
  requires: [ISettingRegistry],
  optional: [ITranslator, ICommandPalette],
  // JupyterLab passes one argument for each token.
  // eslint-disable-next-line max-params
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("nebula");
    const campus = new CampusOfSettings();
    addSignInCommands(app.commands, campus.session, trans);
    for (const command of [COMMANDS.signIn, COMMANDS.signOut]) {
      palette?.addItem({ command, category: trans.__("Nebula") });
    }
    explainBlockedConnections(campus.session, trans);
    void follow(registry, campus);
    return campus;
  },
};
