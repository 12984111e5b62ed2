import { chainJobId, type Nbai, NBAI_MAX, InvalidInput, type JobSpec, type Order } from "@nebula/protocol";
import type { ClassConfig } from "../config/config.ts";
import { priceOfMs } from "./price.ts";

/** UTF-8 bytes of all cells together. */
export function cellsBytes(spec: JobSpec): number {
  return spec.cells.reduce((sum, cell) => sum + Buffer.byteLength(cell.source), 0);
}

/** What the job may cost at most: the caller's own ceiling, else the price of the whole time limit; at least 1 base unit. */
export function ceilingOf(spec: JobSpec, entry: ClassConfig, own: Nbai | undefined): Nbai {
  const ceiling = own ?? priceOfMs(spec.timeLimitMs, entry);
  if (ceiling > NBAI_MAX)
    throw new InvalidInput("INPUT_INVALID", "The ceiling is above what the contracts can hold");
  return ceiling;
}

export interface OrderTerms {
  readonly jobId: string;
  readonly payer: string;
  readonly spender: string;
  readonly nonce: number;
  readonly maxPrice: Nbai;
  readonly unitPrice: Nbai;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly lifeMs: number;
  /** Unix seconds at which the grants of the allocation end. */
  readonly validUntil: number;
  readonly specHash: string;
  readonly rateVersion: number;
}

/** The order that a quote offers for signing. Nothing is due for a cancelled job beyond the time it used. */
export function orderOf(terms: OrderTerms): Order {
  const latest = Math.floor((terms.nowMs + terms.lifeMs) / 1000);
  return {
    jobId: chainJobId(terms.jobId),
    payer: terms.payer,
    spender: terms.spender,
    nonce: terms.nonce,
    maxPrice: terms.maxPrice,
    unitPrice: terms.unitPrice,
    prepay: 0n,
    redundancy: 1,
    expiry: Math.min(latest, terms.validUntil),
    specHash: terms.specHash,
    rateVersion: terms.rateVersion,
  };
}
