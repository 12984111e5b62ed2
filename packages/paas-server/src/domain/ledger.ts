import { Bug, type Nbai } from "@nebula/protocol";

/**
 * Accounts of the ledger. Every movement is a transaction whose amounts sum to zero; a balance is the sum of an account's
 * entries. Base units throughout.
 *
 *     allocation:<id>:source          − what came in from outside; the contra of everything below
 *     allocation:<id>:free            + not reserved and not spent
 *     allocation:<id>:held:<account>  + reserved for that member's queued and running jobs
 *     allocation:<id>:spent:<account> + charged to that member's jobs
 *     allocation:<id>:owed            − charged, and not yet settled on chain
 *     allocation:<id>:paid            − settled on chain
 *     rig:<id>:claimed                + charged for its work, and not yet settled
 *     rig:<id>:earned                 + settled for its work, less the fee
 *     treasury:fees                   + fees of settlements
 *
 * Invariants (checked by `moneyIsConserved`):
 *  - I11: the entries of one transaction sum to zero per asset.
 *  - I12: the payer's deposit on chain = free + held + what is owed (charged and unsettled).
 *  - I13: granted = free + held + spent.
 *  - free, held and spent are never negative; spent = what is owed + what is paid.
 *  - what is held for a member = Σ holds of his live jobs.
 */
export const accountName = {
  source: (allocationId: string) => `allocation:${allocationId}:source`,
  free: (allocationId: string) => `allocation:${allocationId}:free`,
  held: (allocationId: string, accountId: string) => `allocation:${allocationId}:held:${accountId}`,
  spent: (allocationId: string, accountId: string) => `allocation:${allocationId}:spent:${accountId}`,
  owed: (allocationId: string) => `allocation:${allocationId}:owed`,
  paid: (allocationId: string) => `allocation:${allocationId}:paid`,
  claimed: (rigId: string) => `rig:${rigId}:claimed`,
  earned: (rigId: string) => `rig:${rigId}:earned`,
  fees: "treasury:fees",
} as const;

/** Why money moved. */
export type EntryKind = "fund" | "hold" | "charge" | "settle";

/** One movement on one account; positive adds to it. */
export interface Leg {
  readonly account: string;
  readonly amount: Nbai;
}

/** Outside → free. */
export function fundLegs(allocationId: string, amount: Nbai): readonly Leg[] {
  return [
    { account: accountName.source(allocationId), amount: -amount },
    { account: accountName.free(allocationId), amount },
  ];
}

/** Free → held. */
export function holdLegs(of: {
  readonly allocationId: string;
  readonly accountId: string;
  readonly amount: Nbai;
}): readonly Leg[] {
  return [
    { account: accountName.free(of.allocationId), amount: -of.amount },
    { account: accountName.held(of.allocationId, of.accountId), amount: of.amount },
  ];
}

export interface ChargeOf {
  readonly allocationId: string;
  readonly accountId: string;
  readonly held: Nbai;
  /** 0 to `held`. */
  readonly price: Nbai;
  /** Who did the work; null only where nothing is charged. */
  readonly rigId: string | null;
}

/** Held → spent (the price) and free (the rest); and the rig's claim on the price. Throws `Bug` where the price passes the hold. */
export function chargeLegs({ allocationId, accountId, held, price, rigId }: ChargeOf): readonly Leg[] {
  if (price < 0n || price > held)
    throw new Bug("INTERNAL", `A charge of ${price.toString()} does not fit a hold of ${held.toString()}`);
  const release = [
    { account: accountName.held(allocationId, accountId), amount: -held },
    { account: accountName.free(allocationId), amount: held - price },
  ];
  if (price === 0n) return release;
  if (rigId === null) throw new Bug("INTERNAL", "A charge names no rig that did the work");
  return [
    ...release,
    { account: accountName.spent(allocationId, accountId), amount: price },
    { account: accountName.owed(allocationId), amount: -price },
    { account: accountName.claimed(rigId), amount: price },
  ];
}

export interface SettleOf {
  readonly allocationId: string;
  readonly rigId: string;
  readonly price: Nbai;
  /** Part of the price that goes to the treasury. */
  readonly fee: Nbai;
}

/** Owed → paid; the rig's claim becomes earnings, less the fee. */
export function settleLegs({ allocationId, rigId, price, fee }: SettleOf): readonly Leg[] {
  if (fee < 0n || fee > price)
    throw new Bug("INTERNAL", `A fee of ${fee.toString()} does not fit a price of ${price.toString()}`);
  return [
    { account: accountName.owed(allocationId), amount: price },
    { account: accountName.paid(allocationId), amount: -price },
    { account: accountName.claimed(rigId), amount: -price },
    { account: accountName.earned(rigId), amount: price - fee },
    { account: accountName.fees, amount: fee },
  ];
}

/** Legs that move something, in the order in which balances are locked. Throws `Bug` where they do not sum to zero. */
export function orderedLegs(legs: readonly Leg[]): readonly Leg[] {
  const sum = legs.reduce((total, leg) => total + leg.amount, 0n);
  if (sum !== 0n) throw new Bug("INTERNAL", `Ledger legs sum to ${sum.toString()}`);
  return legs.filter((leg) => leg.amount !== 0n).sort((a, b) => (a.account < b.account ? -1 : 1));
}
