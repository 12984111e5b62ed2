import {
  type JobSpec,
  type Nbai,
  newId,
  type Order,
  orderSchema,
  type quoteSchema,
  signingDigest,
  specHashOf,
} from "@nebula/protocol";
import { z } from "zod";
import { orderOf } from "../domain/quote.ts";
import { type CheckedSpec, checkSpec } from "./check-spec.ts";
import type { AppContext } from "./context.ts";
import type { Account } from "./ensure-account.ts";
import { type EstimateJson, estimateChecked } from "./estimate-job.ts";
import { idempotent } from "./idempotent.ts";
import type { Sql } from "./ports.ts";
import { choosePurse, type Purse, readPurses } from "./read-purse.ts";

/** A quote in wire form. */
export type QuoteJson = z.input<typeof quoteSchema>;

/** What a quote promises and a submission uses. */
export interface Terms {
  readonly jobId: string;
  readonly allocationId: string;
  readonly specHash: string;
  readonly order: Order;
  readonly orderDigest: string;
  readonly expiresAtMs: number;
}

export interface QuoteRequest {
  readonly account: Account;
  readonly spec: JobSpec;
  readonly ceiling?: Nbai | undefined;
}

async function nextNonce(sql: Sql, accountId: string): Promise<number> {
  const [row] = await sql.query<{ nonce: number }>(
    "update account set next_nonce = next_nonce + 1 where id = $1 returning next_nonce - 1 as nonce",
    [accountId],
  );
  return row?.nonce ?? 0;
}

/** Makes the terms of a job and stores them as a quote, in the caller's transaction. Each takes a nonce of the account. */
export async function draftTerms(
  ctx: AppContext,
  sql: Sql,
  of: { readonly account: Account; readonly checked: CheckedSpec; readonly purse: Purse },
): Promise<Terms> {
  const { account, checked, purse } = of;
  const nowMs = ctx.clock.now();
  const jobId = newId("job", nowMs, (size) => ctx.random.bytes(size));
  const order = orderOf({
    jobId,
    payer: purse.payer,
    spender: account.address,
    nonce: await nextNonce(sql, account.id),
    maxPrice: checked.ceiling,
    unitPrice: checked.class.unitPrice,
    nowMs,
    lifeMs: ctx.config.times.orderMs,
    validUntil: purse.validUntil,
    specHash: specHashOf(checked.spec),
    rateVersion: ctx.config.rateVersion,
  });
  const orderDigest = signingDigest(ctx.domainOf(), "Order", order);
  const terms = {
    jobId,
    allocationId: purse.allocationId,
    specHash: order.specHash,
    order,
    orderDigest,
    expiresAtMs: nowMs + ctx.config.times.quoteMs,
  };
  await storeQuote(sql, account.id, terms);
  return terms;
}

async function storeQuote(sql: Sql, accountId: string, terms: Terms): Promise<void> {
  await sql.query(
    "insert into quote (job_id, account, allocation, spec_hash, terms, expires_at) values ($1, $2, $3, $4, $5, $6)",
    [
      terms.jobId,
      accountId,
      terms.allocationId,
      terms.specHash,
      JSON.stringify({ order: z.encode(orderSchema, terms.order), orderDigest: terms.orderDigest }),
      terms.expiresAtMs,
    ],
  );
}

function quoteOf(terms: Terms, estimate: EstimateJson, custody: "managed" | "self"): QuoteJson {
  const { jobId, specHash, order, orderDigest, expiresAtMs } = terms;
  return {
    ...estimate,
    jobId,
    specHash,
    order: z.encode(orderSchema, order),
    orderDigest,
    expiresAtMs,
    custody,
  };
}

/**
 * A price promised for ten minutes, with the order to sign. Throws `NotFound` (ALLOCATION_UNKNOWN) where nobody would pay; what
 * else stands in the way is told in `obstacle`.
 */
export async function quoteJob(
  ctx: AppContext,
  request: QuoteRequest & { readonly key: string | null; readonly wire: unknown },
): Promise<QuoteJson> {
  const checked = checkSpec(ctx.config, request.spec, request.ceiling);
  const call = {
    accountId: request.account.id,
    route: "createQuote",
    key: request.key,
    request: request.wire,
  };
  const { answer } = await idempotent(ctx, call, async (sql) => {
    const purse = choosePurse(await readPurses(sql, request.account.id), checked.ceiling, ctx.clock.now());
    const estimate = await estimateChecked(ctx, sql, { accountId: request.account.id, checked, purse });
    const terms = await draftTerms(ctx, sql, { account: request.account, checked, purse });
    return quoteOf(terms, estimate, request.account.custody);
  });
  return answer;
}
