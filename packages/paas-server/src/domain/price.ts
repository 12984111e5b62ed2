import { type Nbai, priceOf, unitsOf } from "@nebula/protocol";

export interface Rate {
  /** Base units per GpuMinute. */
  readonly unitPrice: Nbai;
  /** Thousandths of a 1080 Ti. */
  readonly speedMilli: number;
}

/** Price of `usedMs` milliseconds, in base units, rounded down. */
export function priceOfMs(usedMs: number, { unitPrice, speedMilli }: Rate): Nbai {
  return priceOf(unitsOf(usedMs, speedMilli), unitPrice);
}

/** Expected run in milliseconds, and from what. */
export interface ExpectedRun {
  readonly lowMs: number;
  readonly highMs: number;
  readonly basis: "past-runs" | "class-default";
  /** Past runs that were looked at. */
  readonly samples: number;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/**
 * Expected run from the durations of past runs of the same cells on the same class: the middle 80 %, widened by a tenth and
 * cut at the time limit. Without past runs: anything up to the limit.
 */
export function expectedRun(pastMs: readonly number[], timeLimitMs: number): ExpectedRun {
  if (pastMs.length === 0) return { lowMs: 0, highMs: timeLimitMs, basis: "class-default", samples: 0 };
  const sorted = [...pastMs].sort((a, b) => a - b);
  const lowMs = Math.min(timeLimitMs, Math.floor(quantile(sorted, 0.1) * 0.9));
  const highMs = Math.min(timeLimitMs, Math.ceil(quantile(sorted, 0.9) * 1.1));
  return { lowMs, highMs, basis: "past-runs", samples: sorted.length };
}

/** Expected wait in milliseconds with `ahead` jobs before it on `rigs` rigs, each taking `meanMs`; null where no rig is there. */
export function expectedWaitMs(of: {
  readonly ahead: number;
  readonly slots: number;
  readonly slotsFree: number;
  readonly meanMs: number;
}): number | null {
  if (of.slots === 0) return null;
  if (of.slotsFree > of.ahead) return 0;
  return Math.ceil(((of.ahead - of.slotsFree + 1) / of.slots) * of.meanMs);
}
