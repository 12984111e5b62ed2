import { NotFound, type orderSchema, type receiptBundleSchema, type receiptSchema } from "@nebula/protocol";
import type { z } from "zod";
import type { AppContext } from "./context.ts";

export type ReceiptBundleJson = z.input<typeof receiptBundleSchema>;

interface BundleRow {
  order_json: z.input<typeof orderSchema>;
  order_signature: string;
  order_digest: string;
  body: z.input<typeof receiptSchema>;
  signature: string;
  hash: string;
  settlement_state: ReceiptBundleJson["settlement"]["state"];
  tx: string | null;
  block_number: bigint | null;
  fee: bigint | null;
  reason: string | null;
  rig: string;
  rig_name: string;
  class: string;
  used_ms: bigint;
  speed_milli: number;
  price: bigint;
  ceiling: bigint;
}

const BUNDLE = `
  select j.order_json, j.order_signature, j.order_digest, r.body, r.signature, r.hash, s.state as settlement_state, s.tx, s.block_number, s.fee, s.reason,
    a.rig, g.name as rig_name, j.class, a.used_ms, j.speed_milli, r.price, j.ceiling
  from job j join receipt r on r.job = j.id join attempt a on a.id = r.attempt join rig g on g.id = a.rig join settlement s on s.job = j.id
  where j.id = $1 and j.account = $2`;

function breakdownOf(row: BundleRow): ReceiptBundleJson["breakdown"] {
  return {
    usedMs: Number(row.used_ms),
    speedMilli: row.speed_milli,
    units: row.body.units,
    unitPrice: row.order_json.unitPrice,
    rateVersion: row.order_json.rateVersion,
    price: row.price.toString(),
    held: row.ceiling.toString(),
    refunded: (row.ceiling - row.price).toString(),
  };
}

/** All that is needed to check what a job was charged. Throws `NotFound` (JOB_UNKNOWN, RECEIPT_UNKNOWN). */
export async function readReceipt(
  ctx: AppContext,
  of: { readonly accountId: string; readonly jobId: string },
): Promise<ReceiptBundleJson> {
  const [row] = await ctx.db.query<BundleRow>(BUNDLE, [of.jobId, of.accountId]);
  if (row === undefined) throw await missing(ctx, of);
  return {
    jobId: of.jobId,
    domain: ctx.domainOf(),
    order: row.order_json,
    orderSignature: row.order_signature,
    orderDigest: row.order_digest,
    receipt: row.body,
    receiptSignature: row.signature,
    receiptHash: row.hash,
    settlement: {
      state: row.settlement_state,
      tx: row.tx,
      blockNumber: row.block_number === null ? null : Number(row.block_number),
      fee: row.fee === null ? null : row.fee.toString(),
      reason: row.reason,
    },
    rig: { id: row.rig, name: row.rig_name, class: row.class },
    breakdown: breakdownOf(row),
  };
}

async function missing(
  ctx: AppContext,
  of: { readonly accountId: string; readonly jobId: string },
): Promise<NotFound> {
  const known = await ctx.db.query("select 1 from job where id = $1 and account = $2", [
    of.jobId,
    of.accountId,
  ]);
  if (known.length === 0) return new NotFound("JOB_UNKNOWN", `No job of yours has the id ${of.jobId}`);
  return new NotFound("RECEIPT_UNKNOWN", "The job has no receipt yet");
}
