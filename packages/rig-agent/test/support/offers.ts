import { randomBytes } from "node:crypto";
import {
  FREE_OUTCOMES,
  chainJobId,
  escrowDomain,
  newId,
  outcomeNumber,
  priceOf,
  signingDigest,
  unitsOf,
  type Exited,
  type Offer,
  type Receipt,
} from "@nebula/protocol";
import { SCRIPTED_IMAGE } from "./scripted-image.ts";

export const DOMAIN = escrowDomain(31_337, `0x${"22".repeat(20)}`);
export const SPEED_MILLI = 120;

/** An order with plausible terms: 1 NBAI a GpuMinute, ceiling 10 NBAI. */
export function anOrder(jobId: string): Offer["order"] {
  const address = `0x${"33".repeat(20)}`;
  return {
    jobId: chainJobId(jobId),
    payer: address,
    spender: address,
    nonce: 1,
    maxPrice: 10n ** 19n,
    unitPrice: 10n ** 18n,
    prepay: 0n,
    redundancy: 1,
    expiry: 2_000_000_000,
    specHash: `0x${"44".repeat(32)}`,
    rateVersion: 1,
  };
}

/** An offer of one cell. `rigAddress` is not part of it: the receipt names it. */
export function anOffer(
  source: string,
  changes: { image?: string; slot?: string; limits?: Partial<Offer["limits"]> } = {},
): Offer {
  const attempt = newId("attempt", 1, randomBytes);
  const jobId = newId("job", 1, randomBytes);
  const order = anOrder(jobId);
  return {
    attempt,
    fence: 7,
    jobId,
    slot: changes.slot ?? "cpu-0",
    image: changes.image ?? SCRIPTED_IMAGE,
    document: {
      v: 1,
      attempt,
      cells: [{ id: "c1", source, tags: [], role: "run" }],
      timeLimitMs: 60_000,
      secrets: [],
      env: {},
    },
    limits: {
      cpus: 1,
      memoryMiB: 512,
      pids: 256,
      runMs: 60_000,
      runReason: "time-limit",
      transcriptBytes: 16 * 1024 * 1024,
      ...changes.limits,
    },
    order,
    orderDigest: signingDigest(DOMAIN, "Order", order),
    domain: DOMAIN,
  };
}

/** The receipt that an honest server proposes for the rig of that address. */
export function proposedReceipt(
  offer: Offer,
  exited: Exited,
  rig: string,
): { receipt: Receipt; usedMs: number; speedMilli: number } {
  return { receipt: receiptFor(offer, exited, rig), usedMs: exited.usedMs, speedMilli: SPEED_MILLI };
}

export function receiptFor(offer: Offer, exited: Exited, rig: string): Receipt {
  const units = unitsOf(exited.usedMs, SPEED_MILLI);
  return {
    order: offer.orderDigest,
    part: 0,
    rig,
    units,
    price: FREE_OUTCOMES.has(exited.outcome) ? 0n : priceOf(units, offer.order.unitPrice),
    start: 1_700_000_000,
    end: 1_700_000_000 + Math.ceil(exited.usedMs / 1000),
    resultHash: exited.resultHash,
    logRoot: exited.streams.events.sha256,
    outcome: outcomeNumber(exited.outcome),
  };
}
