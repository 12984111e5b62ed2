import {
  canonicalText,
  errorOf,
  receiptSchema,
  signingDigest,
  type FailureCode,
  type Fin,
  type Receipt,
} from "@nebula/protocol";
import { z } from "zod";
import { ATTEMPTS_MAX } from "../domain/leases.ts";
import { failureOf } from "../domain/outcome.ts";
import { claimedAttempt, leaseLost, type AttemptRow } from "./attempt-row.ts";
import type { AppContext } from "./context.ts";
import { endJob } from "./end-job.ts";
import { lockJob, type LockedJob } from "./job-row.ts";
import { freeSlot } from "./lose-attempt.ts";
import type { Sql } from "./ports.ts";
import { requeueJob } from "./requeue-job.ts";

const textOf = (receipt: Receipt): string => canonicalText(z.encode(receiptSchema, receipt));

/** The receipt's hash, once it is the one that was drawn and signed with the rig's receipt key. */
function checkedHash(ctx: AppContext, attempt: AttemptRow, fin: Fin): string {
  if (attempt.receipt === null || textOf(receiptSchema.parse(attempt.receipt)) !== textOf(fin.receipt)) {
    throw errorOf(
      "INPUT_INVALID",
      `The receipt of attempt ${attempt.id} is not the one that the server drew; report the exit again`,
    );
  }
  const digest = signingDigest(ctx.domainOf(), "Receipt", fin.receipt);
  if (ctx.signatures.recover(digest, fin.signature) === fin.receipt.rig) return digest;
  throw errorOf(
    "RIG_AUTH_INVALID",
    `The receipt of attempt ${attempt.id} is not signed with the rig's receipt key ${fin.receipt.rig}`,
  );
}

interface Seal {
  readonly job: LockedJob;
  readonly attempt: AttemptRow;
  readonly fin: Fin;
  readonly hash: string;
  readonly at: number;
}

function mayRetry({ job, attempt }: Seal): boolean {
  return attempt.outcome === "RIG_FAULT" && job.cancel_requested_at === null && job.attempt_no < ATTEMPTS_MAX;
}

function endStateOf(seal: Seal, failure: FailureCode | null): "finished" | "failed" | "cancelled" {
  if (failure === null) return "finished";
  return failure === "CANCELLED" ||
    (seal.attempt.outcome === "RIG_FAULT" && seal.job.cancel_requested_at !== null)
    ? "cancelled"
    : "failed";
}

async function endSealed(sql: Sql, seal: Seal): Promise<void> {
  const { job, attempt, fin, hash, at } = seal;
  const code = attempt.failure_code as FailureCode | null; // written by report-exit from a verdict only
  const state = endStateOf(seal, code);
  await sql.query(
    "insert into receipt (hash, job, attempt, body, signature, price, accepted_at) values ($1, $2, $3, $4, $5, $6, $7)",
    [
      hash,
      job.id,
      attempt.id,
      JSON.stringify(z.encode(receiptSchema, fin.receipt)),
      fin.signature,
      fin.receipt.price.toString(),
      at,
    ],
  );
  const shown = state === "cancelled" ? "CANCELLED" : code;
  await endJob(sql, {
    job,
    state,
    failure: shown === null ? null : failureOf(shown),
    usedMs: Number(attempt.used_ms),
    price: fin.receipt.price,
    rigId: attempt.rig,
    receiptHash: hash,
    at,
  });
}

async function seal(
  sql: Sql,
  ctx: AppContext,
  of: { readonly rigId: string; readonly fin: Fin; readonly hash: string },
): Promise<LockedJob | null> {
  const { fin, hash } = of;
  const claim = { rigId: of.rigId, attemptId: fin.attempt, fence: fin.fence };
  const job = await lockJob(sql, (await claimedAttempt(sql, claim)).job);
  const attempt = await claimedAttempt(sql, claim, "update");
  if (attempt.state === "sealed") return null;
  if (attempt.lease_state !== "held") throw leaseLost(attempt.id);
  const at = ctx.clock.now();
  await sql.query(
    "update attempt set state = 'sealed', lease_state = 'released', sealed_at = $2, loss = $3 where id = $1",
    [attempt.id, at, lossOf(attempt)],
  );
  await freeSlot(sql, attempt);
  const sealing = { job, attempt, fin, hash, at };
  if (mayRetry(sealing)) await requeueJob(sql, job, ctx.config);
  else await endSealed(sql, sealing);
  return job;
}

function lossOf(attempt: AttemptRow): string | null {
  return attempt.outcome === "RIG_FAULT" ? "the rig failed" : null;
}

/**
 * Seals an attempt with the rig's signed receipt: in one transaction the lease is released, the slot is free, the job ends, the price
 * is charged, and the settlement is queued. A fault of the rig puts the job back into its queue while it has attempts left. Sealing
 * twice is the same as once. Throws `InvalidInput` (another receipt), `NotAllowed` (another's signature), `Conflict` (LEASE_LOST).
 */
export async function acceptReceipt(ctx: AppContext, rigId: string, fin: Fin): Promise<void> {
  const attempt = await claimedAttempt(ctx.db, { rigId, attemptId: fin.attempt, fence: fin.fence });
  if (attempt.lease_state === "expired") throw leaseLost(attempt.id);
  const hash = checkedHash(ctx, attempt, fin);
  const job = await ctx.db.transaction((sql) => seal(sql, ctx, { rigId, fin, hash }));
  if (job === null) return;
  ctx.hints.give({ kind: "queue" });
  ctx.hints.give({ kind: "output", jobId: job.id });
  ctx.hints.give({ kind: "job", jobId: job.id });
  ctx.hints.give({ kind: "balance", accountId: job.account });
  ctx.hints.give({ kind: "outbox" });
}
