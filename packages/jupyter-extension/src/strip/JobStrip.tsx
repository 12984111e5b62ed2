import { ReactWidget } from "@jupyterlab/ui-components";
import type { TranslationBundle } from "@jupyterlab/translation";
import * as React from "react";
import { StripBody } from "./StripBody.tsx";
import type { StripAction, StripView } from "./view.ts";

export interface StripOptions {
  /** What to show now: a strip, one line for a cell that only takes part, or nothing. */
  readonly look: () => StripView | string | null;
  readonly act: (action: StripAction) => void;
  readonly trans: TranslationBundle;
}

/** Sits between a cell's input and its outputs. */
export class JobStrip extends ReactWidget {
  readonly #options: StripOptions;

  constructor(options: StripOptions) {
    super();
    this.#options = options;
    this.addClass("jp-nebula-Strip");
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", options.trans.__("Job on the campus"));
    // The notebook would take keys typed on the strip's buttons as its own shortcuts.
    this.node.dataset["lmSuppressShortcuts"] = "true";
  }

  /** Draws again; hides itself where there is nothing to say. */
  refresh(): void {
    this.setHidden(this.#options.look() === null);
    this.update();
  }

  protected override render(): React.JSX.Element | null {
    const { act, look, trans } = this.#options;
    const shown = look();
    if (shown === null) return null;
    if (typeof shown === "string") return <div className="jp-nebula-Strip-member">{shown}</div>;
    return <StripBody strip={shown} trans={trans} act={act} />;
  }
}
