import { ReactWidget } from "@jupyterlab/ui-components";
import type { TranslationBundle } from "@jupyterlab/translation";
import { formatNbai, OUTCOMES, type ReceiptBundle } from "@nebula/protocol";
import * as React from "react";
import { formatDuration } from "../strip/words.ts";

type Row = readonly [name: string, value: string];

function settlementText({ settlement }: ReceiptBundle, trans: TranslationBundle): string {
  switch (settlement.state) {
    case "pending":
      return trans.__("on its way to the chain");
    case "confirmed":
      return trans.__("block %1, transaction %2", settlement.blockNumber ?? "?", settlement.tx ?? "?");
    case "unneeded":
      return trans.__("nothing to settle");
    case "refused":
      return trans.__("the contract refused: %1", settlement.reason ?? "?");
  }
}

/** Every line of a receipt, in the order in which the price comes about. */
export function receiptRows(bundle: ReceiptBundle, trans: TranslationBundle): Row[] {
  const { breakdown, receipt, rig } = bundle;
  const amount = (value: bigint): string => `${formatNbai(value, 18)} NBAI`;
  return [
    [trans.__("Job"), bundle.jobId],
    [trans.__("Outcome"), OUTCOMES[receipt.outcome] ?? String(receipt.outcome)],
    [trans.__("Rig"), trans.__("%1, class %2", rig.name, rig.class)],
    [trans.__("Time used"), `${formatDuration(breakdown.usedMs)} (${String(breakdown.usedMs)} ms)`],
    [trans.__("Speed"), trans.__("%1 of a 1080 Ti", (breakdown.speedMilli / 1_000).toFixed(3))],
    [trans.__("Work"), trans.__("%1 units", breakdown.units.toString())],
    [trans.__("Rate"), trans.__("%1 per GPU minute", amount(breakdown.unitPrice))],
    [trans.__("Price"), amount(breakdown.price)],
    [trans.__("Held"), amount(breakdown.held)],
    [trans.__("Given back"), amount(breakdown.refunded)],
    [trans.__("Settlement"), settlementText(bundle, trans)],
    [trans.__("Receipt hash"), bundle.receiptHash],
    [trans.__("Signed by rig key"), receipt.rig],
    [trans.__("Escrow"), trans.__("%1 on chain %2", bundle.domain.verifyingContract, bundle.domain.chainId)],
  ];
}

/** The receipt as a table, for a dialog. */
export class ReceiptBody extends ReactWidget {
  readonly #rows: readonly Row[];

  constructor(bundle: ReceiptBundle, trans: TranslationBundle) {
    super();
    this.#rows = receiptRows(bundle, trans);
    this.addClass("jp-nebula-Receipt");
  }

  protected override render(): React.JSX.Element {
    return (
      <table>
        <tbody>
          {this.#rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    );
  }
}
