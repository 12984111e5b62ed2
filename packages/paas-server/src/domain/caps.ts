import { formatNbai, InsufficientFunds, type Nbai } from "@nebula/protocol";

/** What a job's ceiling is checked against, in this order. Base units. */
export interface Caps {
  readonly perJobMax: Nbai;
  /** Member's whole cap, and how much of it is reserved or spent. */
  readonly cap: Nbai;
  readonly used: Nbai;
  /** What the allocation has neither reserved nor spent. */
  readonly free: Nbai;
}

/** What a member may still reserve: the least of his cap's rest and what the allocation has free; never below 0. */
export function leftOf(caps: Caps): Nbai {
  const own = caps.cap - caps.used;
  const least = own < caps.free ? own : caps.free;
  return least > 0n ? least : 0n;
}

/** Why a ceiling cannot be reserved; null where it can. */
export function capFault(ceiling: Nbai, caps: Caps): InsufficientFunds | null {
  const amount = formatNbai(ceiling);
  const data = (left: Nbai) => ({ ceiling: ceiling.toString(), left: left.toString() });
  if (ceiling > caps.perJobMax) {
    return new InsufficientFunds(
      "JOB_CAP_EXCEEDED",
      `The job may cost up to ${amount} NBAI; one job of yours may cost at most ${formatNbai(caps.perJobMax)}`,
      { data: data(caps.perJobMax) },
    );
  }
  const own = caps.cap - caps.used;
  if (ceiling > own) {
    return new InsufficientFunds(
      "MEMBER_CAP_EXCEEDED",
      `The job may cost up to ${amount} NBAI; you have ${formatNbai(own > 0n ? own : 0n)} left`,
      { data: data(own > 0n ? own : 0n) },
    );
  }
  if (ceiling > caps.free) {
    return new InsufficientFunds(
      "ALLOCATION_EXHAUSTED",
      `The job may cost up to ${amount} NBAI; the allocation has ${formatNbai(caps.free)} left`,
      { data: data(caps.free) },
    );
  }
  return null;
}
