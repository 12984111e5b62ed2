import { affordableMs, FREE_OUTCOMES, priceOf, unitsOf, type Outcome } from "@nebula/protocol";

/** How an attempt is to be charged. */
export interface Charge {
  readonly outcome: Outcome;
  readonly usedMs: number;
  readonly price: bigint;
}

/** Clock readings of one attempt. Milliseconds; times are the server's clock. */
export interface MeterReadings {
  /** Null: the container never ran. */
  readonly runningAtMs: number | null;
  readonly exitedAtMs: number;
  /** Time between under no valid lease. */
  readonly unleasedMs: number;
  /** The rig's own monotone measure. */
  readonly rigUsedMs: number;
  /** Longest run that was allowed. */
  readonly runMs: number;
}

/** How far the server's measure may pass the rig's, for messages on their way. */
export const RIG_SLACK_MS = 2_000;

/** Time that counts, in whole milliseconds: never more than the rig saw (+ 2 s), than was leased, or than was allowed. */
export function meteredMs(readings: MeterReadings): number {
  if (readings.runningAtMs === null) return 0;
  const leased = readings.exitedAtMs - readings.runningAtMs - readings.unleasedMs;
  return Math.max(0, Math.floor(Math.min(leased, readings.rigUsedMs + RIG_SLACK_MS, readings.runMs)));
}

/** Terms of the order and the class under which an attempt ran. */
export interface Terms {
  readonly unitPrice: bigint;
  readonly maxPrice: bigint;
  readonly prepay: bigint;
  readonly speedMilli: number;
}

/** Units and price of an attempt. A fault of the rig is free; a cancelled job that had started costs at least `prepay`; nothing passes `maxPrice`. */
export function chargeOf(outcome: Outcome, usedMs: number, terms: Terms): Charge {
  if (FREE_OUTCOMES.has(outcome)) return { outcome, usedMs: 0, price: 0n };
  const metered = priceOf(unitsOf(usedMs, terms.speedMilli), terms.unitPrice);
  const least = outcome === "CANCELLED" && usedMs > 0 ? terms.prepay : 0n;
  const wanted = metered > least ? metered : least;
  return { outcome, usedMs, price: wanted > terms.maxPrice ? terms.maxPrice : wanted };
}

/** How long an attempt may run and what bounds it: the job's own limit or what its ceiling pays for. Never below one millisecond. */
export function runLimit(
  timeLimitMs: number,
  terms: Terms,
): { readonly runMs: number; readonly runReason: "time-limit" | "ceiling" } {
  const affordable = affordableMs(terms.maxPrice, terms.unitPrice, terms.speedMilli);
  if (affordable >= timeLimitMs) return { runMs: timeLimitMs, runReason: "time-limit" };
  return { runMs: Math.max(1, affordable), runReason: "ceiling" };
}
