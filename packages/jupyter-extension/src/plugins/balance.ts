import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { Menu } from "@lumino/widgets";
import { COMMANDS } from "../commands/ids.ts";
import { BalanceItem } from "../status/BalanceItem.tsx";
import { ICampus } from "../tokens.ts";

/** Balance and account in the status bar. */
export const balancePlugin: JupyterFrontEndPlugin<void> = {
  id: "@nebula/jupyter-extension:balance",
  description: "Shows the balance and who is signed in",
  autoStart: true,
  requires: [ICampus],
  optional: [IStatusBar, ITranslator],
  // JupyterLab passes one argument for each token.
  // eslint-disable-next-line max-params
  activate: (
    app: JupyterFrontEnd,
    campus: ICampus,
    statusBar: IStatusBar | null,
    translator: ITranslator | null,
  ) => {
    if (statusBar === null) return;
    const trans = (translator ?? nullTranslator).load("nebula");
    const menu = new Menu({ commands: app.commands });
    menu.addItem({ command: COMMANDS.signIn });
    menu.addItem({ command: COMMANDS.signOut });
    const openMenu = (anchor: HTMLElement): void => {
      const box = anchor.getBoundingClientRect();
      menu.open(box.left, box.top);
    };
    const item = new BalanceItem({ session: campus.session, trans, openMenu });
    statusBar.registerStatusItem("@nebula/jupyter-extension:balance", {
      item,
      align: "right",
      rank: 100,
      priority: 1,
    });
  },
};
