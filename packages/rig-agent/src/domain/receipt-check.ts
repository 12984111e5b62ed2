import {
  FREE_OUTCOMES,
  outcomeNumber,
  priceOf,
  signingDigest,
  unitsOf,
  type Nbai,
  type Offer,
  type Outcome,
  type Receipt,
} from "@nebula/protocol";

/** Most milliseconds by which the charged time may pass the time that the rig measured. */
export const USED_SLACK_MS = 2_000;

/** What the rig itself knows of the attempt. */
export interface OwnAccount {
  readonly offer: Pick<Offer, "order" | "domain">;
  readonly rigAddress: string;
  readonly outcome: Outcome;
  readonly usedMs: number;
  readonly logRoot: string;
  readonly resultHash: string;
}

/** The receipt as the server wants it signed, with how it came to its units. */
export interface ProposedReceipt {
  readonly receipt: Receipt;
  readonly usedMs: number;
  readonly speedMilli: number;
}

/** The prices that are right for the outcome; a cancelled job may also be charged the order's least charge. */
function rightPrices(own: OwnAccount, units: bigint): readonly Nbai[] {
  const { unitPrice, maxPrice, prepay } = own.offer.order;
  if (FREE_OUTCOMES.has(own.outcome)) return [0n];
  const metered = priceOf(units, unitPrice);
  const wanted = own.outcome === "CANCELLED" ? [metered, metered > prepay ? metered : prepay] : [metered];
  return wanted.map((price) => (price > maxPrice ? maxPrice : price));
}

/** Compares the receipt with the rig's own account and gives what differs, field by field; empty when it may be signed. */
export function receiptFaults(own: OwnAccount, proposed: ProposedReceipt): readonly string[] {
  const { receipt, usedMs, speedMilli } = proposed;
  const orderDigest = signingDigest(own.offer.domain, "Order", own.offer.order);
  const isFree = FREE_OUTCOMES.has(own.outcome);
  const units = unitsOf(usedMs, speedMilli);
  const checks: readonly (readonly [string, boolean])[] = [
    ["order", receipt.order === orderDigest],
    ["part", receipt.part === 0],
    ["rig", receipt.rig === own.rigAddress.toLowerCase()],
    ["usedMs", usedMs <= own.usedMs + USED_SLACK_MS],
    ["units", receipt.units === units || (isFree && receipt.units === 0n)],
    ["price", rightPrices(own, receipt.units).includes(receipt.price)],
    ["start", receipt.start <= receipt.end],
    ["resultHash", receipt.resultHash === own.resultHash],
    ["logRoot", receipt.logRoot === own.logRoot],
    ["outcome", receipt.outcome === outcomeNumber(own.outcome)],
  ];
  return checks.filter(([, isRight]) => !isRight).map(([field]) => field);
}
