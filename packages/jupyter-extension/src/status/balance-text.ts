import type { TranslationBundle } from "@jupyterlab/translation";
import { formatNbai, type Me } from "@nebula/protocol";
import { formatShort } from "../strip/words.ts";
import type { CampusState } from "../session/campus-session.ts";

export interface BalanceFacts {
  readonly state: CampusState;
  readonly serverUrl: string;
  readonly me: Me | null;
}

/** Text of the status bar item. */
export function balanceText(facts: BalanceFacts, trans: TranslationBundle): string {
  const { me, state } = facts;
  if (me) {
    const left = trans.__("%1 NBAI left", formatNbai(me.balance.left, 3));
    const held = me.balance.held > 0n ? trans.__("%1 held", formatShort(me.balance.held)) : null;
    return [left, held, me.username].filter((part) => part !== null).join(" · ");
  }
  switch (state) {
    case "away":
      return trans.__("Campus away");
    case "connecting":
    case "signed-in":
      return trans.__("Campus…");
    case "signing-in":
      return trans.__("Signing in…");
    case "signed-out":
      return trans.__("Sign in to Nebula");
  }
}

/** Tooltip of the status bar item: what was granted and where it is. */
export function balanceCaption(facts: BalanceFacts, trans: TranslationBundle): string {
  const { me } = facts;
  if (!me) {
    if (facts.state !== "away") return trans.__("Campus at %1", facts.serverUrl);
    return trans.__("The campus at %1 does not answer. Local work is not affected.", facts.serverUrl);
  }
  const { left, held, spent, granted } = me.balance;
  const show = (amount: bigint): string => formatNbai(amount, 6);
  return [
    trans.__("Signed in as %1 (%2)", me.name, me.username),
    trans.__("left %1, held %2, spent %3 of %4 NBAI", show(left), show(held), show(spent), show(granted)),
    me.custody === "managed"
      ? trans.__("Your signing key is managed by the campus.")
      : trans.__("You hold your signing key."),
  ].join("\n");
}
