import { type Nbai, orderSchema, receiptSchema } from "@nebula/protocol";
import type { z } from "zod";
import type { AppContext } from "./context.ts";
import { settleInLedger } from "./ledger.ts";
import type { ChainOutcome, Sql } from "./ports.ts";
import { recordEvent } from "./record-event.ts";

interface Settling {
  job: string;
  account: string;
  allocation: string;
  order_json: z.input<typeof orderSchema>;
  order_signature: string;
  body: z.input<typeof receiptSchema>;
  signature: string;
  hash: string;
  price: bigint;
  rig: string;
  state: string;
}

type Mined = ChainOutcome & { readonly status: "mined" };

/** Errors of the contract that may mean that somebody else has sent the same receipt. */
const MAY_BE_PAID: ReadonlySet<string> = new Set(["ComputeEscrow_PartPaid", "ComputeEscrow_NonceTaken"]);

async function readSettling(sql: Sql, jobId: string): Promise<Settling | undefined> {
  const [row] = await sql.query<Settling>(
    `select j.id as job, j.account, j.allocation, j.order_json, j.order_signature, r.body, r.signature, r.hash, r.price, a.rig, s.state
     from settlement s join job j on j.id = s.job join receipt r on r.job = s.job join attempt a on a.id = r.attempt where s.job = $1`,
    [jobId],
  );
  return row;
}

function feeOf(mined: Mined, receiptHash: string): Nbai {
  const settled = mined.events.find(
    (event) => event.name === "Settled" && event.fields["receiptDigest"] === receiptHash,
  );
  return typeof settled?.fields["fee"] === "bigint" ? settled.fields["fee"] : 0n;
}

async function confirm(ctx: AppContext, row: Settling, mined: Mined): Promise<void> {
  const jobId = row.job;
  const at = ctx.clock.now();
  const fee = feeOf(mined, row.hash);
  await ctx.db.transaction(async (sql) => {
    const [open] = await sql.query<{ job: string }>(
      "update settlement set state = 'confirmed', tx = $2, block_number = $3, fee = $4, reason = null, updated_at = $5 where job = $1 and state <> 'confirmed' returning job",
      [jobId, mined.hash, mined.blockNumber, fee, at],
    );
    if (open === undefined) return;
    await settleInLedger(sql, {
      jobId,
      allocationId: row.allocation,
      rigId: row.rig,
      price: row.price,
      fee,
      at,
    });
    await sql.query(
      "update job set state = 'settled' where id = $1 and state in ('finished', 'failed', 'cancelled')",
      [jobId],
    );
    await recordEvent(sql, {
      kind: "job-settled",
      actor: "server",
      subject: jobId,
      data: { tx: mined.hash, price: row.price.toString(), fee: fee.toString() },
      at,
    });
  });
}

async function refuse(
  ctx: AppContext,
  jobId: string,
  refused: ChainOutcome & { readonly status: "refused" },
): Promise<void> {
  const at = ctx.clock.now();
  await ctx.db.transaction(async (sql) => {
    await sql.query(
      "update settlement set state = 'refused', tx = $2, reason = $3, updated_at = $4 where job = $1 and state = 'pending'",
      [jobId, refused.hash, refused.reason, at],
    );
    await recordEvent(sql, {
      kind: "settlement-refused",
      actor: "server",
      subject: jobId,
      data: { reason: refused.reason },
      at,
    });
  });
  ctx.log.error({ jobId, reason: refused.reason }, "settlement refused by the contract");
}

/**
 * Puts a job's receipt on the chain and books what the chain says. Idempotent; a receipt that somebody else has sent counts as settled
 * by his transaction. What the contract refuses is shown with its reason. Throws `Unavailable` (CHAIN_AWAY).
 */
export async function settleReceipt(ctx: AppContext, jobId: string): Promise<void> {
  const row = await readSettling(ctx.db, jobId);
  if (row?.state !== "pending") return;
  const order = orderSchema.parse(row.order_json);
  const receipt = receiptSchema.parse(row.body);
  const outcome = await ctx.chain.perform({
    purpose: `settle:${jobId}`,
    contract: "escrow",
    method: "settleOne",
    args: [order, row.order_signature, receipt, row.signature],
  });
  const settled =
    outcome.status === "refused" && MAY_BE_PAID.has(outcome.reason)
      ? ((await ctx.chain.findSettled(row.hash)) ?? outcome)
      : outcome;
  if (settled.status === "mined") await confirm(ctx, row, settled);
  else await refuse(ctx, jobId, settled);
  ctx.hints.give({ kind: "job", jobId });
  ctx.hints.give({ kind: "balance", accountId: row.account });
}
