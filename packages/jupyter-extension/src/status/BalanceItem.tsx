import { ReactWidget, UseSignal } from "@jupyterlab/ui-components";
import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { rigIcon } from "../icons.ts";
import type { CampusSession } from "../session/campus-session.ts";
import { balanceCaption, balanceText } from "./balance-text.ts";

export interface BalanceOptions {
  readonly session: CampusSession;
  readonly trans: TranslationBundle;
  /** Opens the menu above the item. */
  readonly openMenu: (anchor: HTMLElement) => void;
}

/** Balance and account in the status bar. */
export class BalanceItem extends ReactWidget {
  readonly #options: BalanceOptions;

  constructor(options: BalanceOptions) {
    super();
    this.#options = options;
    this.addClass("jp-nebula-Balance");
  }

  protected override render(): React.JSX.Element {
    const { session, trans, openMenu } = this.#options;
    return (
      <UseSignal signal={session.changed} initialSender={session}>
        {() => (
          <button
            type="button"
            className="jp-nebula-Balance-button"
            title={balanceCaption(session, trans)}
            aria-haspopup="menu"
            onClick={(event) => openMenu(event.currentTarget)}
          >
            <rigIcon.react tag="span" className="jp-nebula-Balance-icon" />
            {balanceText(session, trans)}
          </button>
        )}
      </UseSignal>
    );
  }
}
