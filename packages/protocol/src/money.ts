import { z } from "zod";
import { addressSchema, bytes32Schema, idSchema, signatureSchema } from "./ids.ts";
import { domainSchema } from "./eip712.ts";
import { bigUintSchema, nbaiSchema } from "./units.ts";

/** The payer's promise (EIP-712 `Order`). Times are unix seconds; amounts base units. */
export const orderSchema = z
  .strictObject({
    jobId: bytes32Schema,
    payer: addressSchema,
    spender: addressSchema,
    nonce: z
      .int()
      .min(0)
      .max(2 ** 30 - 1),
    /** The ceiling: the most the job may cost, all parts together. */
    maxPrice: nbaiSchema,
    /** Base units per GpuMinute. */
    unitPrice: nbaiSchema,
    /** Least charge once the job has started and is cancelled. */
    prepay: nbaiSchema,
    redundancy: z.int().min(1).max(3),
    expiry: z.int().positive(),
    specHash: bytes32Schema,
    rateVersion: z.int().nonnegative(),
  })
  .meta({ id: "Order" });
export type Order = z.infer<typeof orderSchema>;

/** How an attempt ended, as the contracts number it. */
export const OUTCOMES = ["OK", "USER_ERROR", "RIG_FAULT", "PREEMPTED", "TIMEOUT", "CANCELLED"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The contracts' number of an outcome. */
export function outcomeNumber(outcome: Outcome): number {
  return OUTCOMES.indexOf(outcome);
}

/** Outcomes for which nothing is charged. */
export const FREE_OUTCOMES: ReadonlySet<Outcome> = new Set(["RIG_FAULT"]);

/** The rig's statement of what an attempt used and produced (EIP-712 `Receipt`). Times are unix seconds. */
export const receiptSchema = z
  .strictObject({
    /** EIP-712 digest of the order. */
    order: bytes32Schema,
    part: z.int().min(0).max(3),
    /** Address of the rig's receipt key. */
    rig: addressSchema,
    /** Milliseconds used × class speed in thousandths of a 1080 Ti. */
    units: bigUintSchema,
    price: nbaiSchema,
    start: z.int().nonnegative(),
    end: z.int().nonnegative(),
    /** keccak-256 of the canonical bytes of `[{path, sizeBytes, sha256}]`, sorted by path. */
    resultHash: bytes32Schema,
    /** SHA-256 of the attempt's whole `events` stream. */
    logRoot: bytes32Schema,
    outcome: z.int().min(0).max(5),
  })
  .meta({ id: "Receipt" });
export type Receipt = z.infer<typeof receiptSchema>;

/** Leave to spend: the payer lets the spender use `amount` in all and `perJobMax` for one job (EIP-712 `Grant`). */
export const grantSchema = z.strictObject({
  payer: addressSchema,
  spender: addressSchema,
  amount: nbaiSchema,
  perJobMax: nbaiSchema,
  validUntil: z.int().positive(),
  nonce: z
    .int()
    .min(0)
    .max(2 ** 24 - 1),
});
export type Grant = z.infer<typeof grantSchema>;

/**
 * Where a receipt's money is: `pending` until the transaction is mined, `confirmed` with it, `unneeded` when the price is zero,
 * `refused` when the contract turned it down (shown with its reason; the hold stays until campus IT has looked).
 */
export const settlementSchema = z
  .object({
    state: z.enum(["pending", "confirmed", "unneeded", "refused"]),
    tx: bytes32Schema.nullable(),
    blockNumber: z.int().nullable(),
    /** Fee inside the price that goes to the treasury. */
    fee: nbaiSchema.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "Settlement" });
export type Settlement = z.infer<typeof settlementSchema>;

/** All that is needed to check a receipt without trusting the server that hands it out. */
export const receiptBundleSchema = z
  .object({
    jobId: idSchema("job"),
    domain: domainSchema,
    order: orderSchema,
    orderSignature: signatureSchema,
    orderDigest: bytes32Schema,
    receipt: receiptSchema,
    receiptSignature: signatureSchema,
    receiptHash: bytes32Schema,
    settlement: settlementSchema,
    rig: z.object({ id: idSchema("rig"), name: z.string(), class: z.string() }),
    /** How the price came about. */
    breakdown: z.object({
      usedMs: z.int().nonnegative(),
      speedMilli: z.int().positive(),
      units: bigUintSchema,
      unitPrice: nbaiSchema,
      rateVersion: z.int(),
      price: nbaiSchema,
      held: nbaiSchema,
      refunded: nbaiSchema,
    }),
  })
  .meta({ id: "ReceiptBundle" });
export type ReceiptBundle = z.infer<typeof receiptBundleSchema>;

/** A price before the press. It binds nobody; a quote does. */
export const estimateSchema = z
  .object({
    class: z.string(),
    unitPrice: nbaiSchema,
    speedMilli: z.int().positive(),
    rateVersion: z.int().nonnegative(),
    /** Expected run in milliseconds; `basis` says from what. */
    expected: z.object({
      lowMs: z.int(),
      highMs: z.int(),
      basis: z.enum(["past-runs", "class-default"]),
      samples: z.int(),
    }),
    priceLow: nbaiSchema,
    priceHigh: nbaiSchema,
    /** What the job may cost at most: price of its whole time limit, or the caller's own ceiling. */
    ceiling: nbaiSchema,
    /** Expected wait in milliseconds; null when no rig of the class is connected. */
    startsInMs: z.int().nullable(),
    queueAhead: z.int().nonnegative(),
    rigsOnline: z.int().nonnegative(),
    /** What stands in the way of submitting, in plain words; null when nothing does. */
    obstacle: z
      .object({ code: z.string(), message: z.string(), who: z.string(), remedy: z.string() })
      .nullable(),
  })
  .meta({ id: "Estimate" });
export type Estimate = z.infer<typeof estimateSchema>;

/** A price promised before submit: the order to be signed, valid until `expiresAtMs`. */
export const quoteSchema = estimateSchema
  .extend({
    jobId: idSchema("job"),
    specHash: bytes32Schema,
    order: orderSchema,
    orderDigest: bytes32Schema,
    expiresAtMs: z.int(),
    /** `managed`: the server's vault holds the spender's key and may sign. */
    custody: z.enum(["managed", "self"]),
  })
  .meta({ id: "Quote" });
export type Quote = z.infer<typeof quoteSchema>;
