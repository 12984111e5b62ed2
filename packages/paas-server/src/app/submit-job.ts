import {
  Conflict,
  InvalidInput,
  type JobJson,
  type JobSpec,
  type Nbai,
  NotAllowed,
  orderSchema,
  specHashOf,
} from "@nebula/protocol";
import { z } from "zod";
import { acceptedClassIds } from "../domain/classes.ts";
import { priorityOf } from "../domain/priority.ts";
import { type CheckedSpec, checkSpec } from "./check-spec.ts";
import type { AppContext } from "./context.ts";
import type { Account } from "./ensure-account.ts";
import { checkQueueLimit } from "./estimate-job.ts";
import { idempotent } from "./idempotent.ts";
import { holdForJob } from "./ledger.ts";
import type { Sql } from "./ports.ts";
import { draftTerms, type Terms } from "./quote-job.ts";
import { readJob } from "./read-job.ts";
import { choosePurse, lockPurse, type Purse, purseFault, readPurses } from "./read-purse.ts";
import { recordEvent } from "./record-event.ts";

export interface Submission {
  readonly account: Account;
  readonly spec: JobSpec;
  /** Default: the price of the whole time limit. */
  readonly ceiling?: Nbai | undefined;
  /** Of the quote; without it the server quotes. */
  readonly jobId?: string | undefined;
  /** Spender's, of the quote's order; without it the vault signs. */
  readonly signature?: string | undefined;
  readonly key: string | null;
  /** The request in wire form, for idempotency. */
  readonly wire: unknown;
}

/** A submission whose specification was checked. */
interface Submitting {
  readonly submission: Submission;
  readonly checked: CheckedSpec;
}

interface QuoteRow {
  allocation: string;
  spec_hash: string;
  terms: { order: z.input<typeof orderSchema>; orderDigest: string };
  expires_at: bigint;
  used_at: bigint | null;
}

async function quotedTerms(sql: Sql, accountId: string, jobId: string): Promise<Terms & { isUsed: boolean }> {
  const [row] = await sql.query<QuoteRow>(
    "select allocation, spec_hash, terms, expires_at, used_at from quote where job_id = $1 and account = $2 for update",
    [jobId, accountId],
  );
  if (row === undefined) throw new Conflict("QUOTE_EXPIRED", `No quote of yours has the id ${jobId}`);
  return {
    jobId,
    allocationId: row.allocation,
    specHash: row.spec_hash,
    order: orderSchema.parse(row.terms.order),
    orderDigest: row.terms.orderDigest,
    expiresAtMs: Number(row.expires_at),
    isUsed: row.used_at !== null,
  };
}

function checkTerms(
  terms: Terms & { readonly isUsed: boolean },
  { submission, checked }: Submitting,
  nowMs: number,
): void {
  if (terms.isUsed)
    throw new Conflict("ORDER_USED", `The order of ${terms.jobId} has already paid for a job`);
  if (terms.expiresAtMs <= nowMs)
    throw new Conflict("QUOTE_EXPIRED", `The quote of ${terms.jobId} has expired`);
  if (terms.order.expiry * 1000 <= nowMs)
    throw new Conflict("ORDER_EXPIRED", `The order of ${terms.jobId} has expired`);
  if (specHashOf(checked.spec) !== terms.specHash)
    throw new InvalidInput("ORDER_TERMS_WRONG", "The job differs from the one that was quoted");
  if (submission.ceiling !== undefined && submission.ceiling !== terms.order.maxPrice) {
    throw new InvalidInput(
      "ORDER_TERMS_WRONG",
      `The ceiling differs from the order's, ${terms.order.maxPrice.toString()}`,
    );
  }
  if (checked.class.unitPrice !== terms.order.unitPrice)
    throw new Conflict("QUOTE_EXPIRED", "The price of the class has changed since the quote");
}

async function termsOf(ctx: AppContext, sql: Sql, submitting: Submitting): Promise<Terms> {
  const { submission, checked } = submitting;
  const { account, jobId } = submission;
  if (jobId === undefined) {
    if (submission.signature !== undefined)
      throw new InvalidInput(
        "INPUT_INVALID",
        "A signature needs the job id of the quote whose order it signs",
      );
    const purse = choosePurse(await readPurses(sql, account.id), checked.ceiling, ctx.clock.now());
    return draftTerms(ctx, sql, { account, checked, purse });
  }
  const terms = await quotedTerms(sql, account.id, jobId);
  checkTerms(terms, submitting, ctx.clock.now());
  return terms;
}

function signatureOf(ctx: AppContext, { account, signature }: Submission, terms: Terms): string {
  if (signature === undefined) {
    if (account.sealedKey === null)
      throw new NotAllowed(
        "ORDER_SIGNER_WRONG",
        "You keep your key yourself: sign the order of a quote and send the signature",
      );
    return ctx.vault.sign({ address: account.address, sealedKey: account.sealedKey }, terms.orderDigest);
  }
  const signer = ctx.signatures.recover(terms.orderDigest, signature);
  if (signer === terms.order.spender) return signature;
  throw new NotAllowed(
    "ORDER_SIGNER_WRONG",
    `Expected the signature of ${terms.order.spender} under this order, got that of ${signer ?? "nobody"}`,
    {
      data: { expected: terms.order.spender, signer },
    },
  );
}

interface NewJob extends Submitting {
  readonly terms: Terms;
  readonly signature: string;
  readonly purse: Purse;
  /** Jobs of the account that wait or run already. */
  readonly live: number;
  readonly now: number;
}

function usedShareOf({ caps }: Purse): number {
  return caps.cap === 0n ? 1 : Number((caps.used * 1_000n) / caps.cap) / 1_000;
}

async function insertJob(ctx: AppContext, sql: Sql, job: NewJob): Promise<void> {
  const { checked, terms, now } = job;
  const prio = priorityOf({
    eligibleAtMs: now,
    ownJobsAhead: job.live,
    usedShare: usedShareOf(job.purse),
    timeLimitMs: checked.spec.timeLimitMs,
  }).total;
  await sql.query(
    `insert into job (id, account, allocation, state, spec, spec_hash, cells_hash, image_tag, class, speed_milli, order_json, order_digest,
       order_signature, ceiling, held, prio, eligible_at, submitted_at)
     values ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $15)`,
    [
      terms.jobId,
      job.submission.account.id,
      terms.allocationId,
      JSON.stringify(checked.spec),
      terms.specHash,
      checked.cellsHash,
      checked.imageTag,
      checked.class.name,
      checked.class.speedMilli,
      JSON.stringify(z.encode(orderSchema, terms.order)),
      terms.orderDigest,
      job.signature,
      terms.order.maxPrice,
      prio,
      now,
    ],
  );
  await sql.query(
    "insert into queued (job, class_id, prio) select $1, id, $3 from unnest($2::text[]) as id",
    [terms.jobId, acceptedClassIds(checked.class.name, ctx.config.classes), prio],
  );
  await sql.query("update quote set used_at = $2 where job_id = $1", [terms.jobId, now]);
}

async function submitIn(ctx: AppContext, sql: Sql, submitting: Submitting): Promise<JobJson> {
  const { submission, checked } = submitting;
  const { account } = submission;
  const now = ctx.clock.now();
  const terms = await termsOf(ctx, sql, submitting);
  const signature = signatureOf(ctx, submission, terms);
  const purse = await lockPurse(sql, { allocationId: terms.allocationId, accountId: account.id });
  const fault = purseFault(purse, terms.order.maxPrice, now);
  if (fault !== null) throw fault;
  const live = await checkQueueLimit(ctx, sql, account.id);
  await insertJob(ctx, sql, { submission, checked, terms, signature, purse, live, now });
  const data = {
    allocation: terms.allocationId,
    class: checked.class.name,
    ceiling: terms.order.maxPrice.toString(),
    order: terms.orderDigest,
  };
  await recordEvent(sql, { kind: "job-submitted", actor: account.id, subject: terms.jobId, data, at: now });
  // why last: it locks the allocation's free balance, for which all its members wait
  await holdForJob(sql, {
    jobId: terms.jobId,
    allocationId: terms.allocationId,
    accountId: account.id,
    amount: terms.order.maxPrice,
    at: now,
  });
  return readJob(sql, terms.jobId);
}

/**
 * Takes a job: checks everything, then writes job, queue and hold in one transaction. Idempotent by key. Throws what the route
 * lists: `InvalidInput` (CLASS_UNKNOWN, IMAGE_UNKNOWN, CELLS_TOO_LARGE, ORDER_TERMS_WRONG), `Conflict` (QUOTE_EXPIRED, ORDER_EXPIRED,
 * ORDER_USED, IDEMPOTENCY_REUSED), `NotAllowed` (ORDER_SIGNER_WRONG), `InsufficientFunds`, `NotFound` (ALLOCATION_UNKNOWN) and
 * `Unavailable` (QUEUE_FULL).
 */
export async function submitJob(ctx: AppContext, submission: Submission): Promise<JobJson> {
  const checked = checkSpec(ctx.config, submission.spec, submission.ceiling);
  const call = {
    accountId: submission.account.id,
    route: "submitJob",
    key: submission.key,
    request: submission.wire,
  };
  const { answer, isReplay } = await idempotent(ctx, call, (sql) =>
    submitIn(ctx, sql, { submission, checked }),
  );
  if (!isReplay) {
    ctx.hints.give({ kind: "queue" });
    ctx.hints.give({ kind: "balance", accountId: submission.account.id });
  }
  return answer;
}
