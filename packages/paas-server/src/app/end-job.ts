import type { JobFailure } from "@nebula/protocol";
import { chargeJob } from "./ledger.ts";
import type { LockedJob } from "./job-row.ts";
import { enqueueOutbox } from "./enqueue-outbox.ts";
import { recordEvent } from "./record-event.ts";
import type { Sql } from "./ports.ts";

/** How a job ends. */
export interface JobEnd {
  readonly job: LockedJob;
  readonly state: "finished" | "failed" | "cancelled";
  readonly failure: JobFailure | null;
  readonly usedMs: number;
  readonly price: bigint;
  /** Who did the work; null where nobody is to be paid. */
  readonly rigId: string | null;
  /** Hash of the signed receipt; null where no rig got as far. */
  readonly receiptHash: string | null;
  readonly at: number;
}

/**
 * Ends a locked job in the caller's transaction: releases its hold, charges the price, and queues the settlement. A job that costs
 * nothing is settled at once.
 */
export async function endJob(sql: Sql, end: JobEnd): Promise<void> {
  const { job, price, at } = end;
  const isFree = price === 0n;
  await chargeJob(sql, {
    jobId: job.id,
    allocationId: job.allocation,
    accountId: job.account,
    held: job.held,
    price,
    rigId: isFree ? null : end.rigId,
    at,
  });
  await sql.query("delete from queued where job = $1", [job.id]);
  await sql.query(
    `update job set state = $2, price = $3, refunded = held - $3::numeric, held = 0, used_ms = $4, ended_at = $5, failure = $6, receipt_hash = $7
     where id = $1`,
    [
      job.id,
      isFree ? "settled" : end.state,
      price.toString(),
      end.usedMs,
      at,
      end.failure === null ? null : JSON.stringify(end.failure),
      end.receiptHash,
    ],
  );
  if (end.receiptHash !== null) await writeSettlement(sql, end, end.receiptHash);
  await recordEvent(sql, {
    kind: `job-${end.state}`,
    actor: end.rigId ?? "server",
    subject: job.id,
    data: { price: price.toString(), usedMs: end.usedMs, failure: end.failure?.code ?? null },
    at,
  });
}

async function writeSettlement(sql: Sql, end: JobEnd, receiptHash: string): Promise<void> {
  const state = end.price === 0n ? "unneeded" : "pending";
  await sql.query("insert into settlement (job, receipt_hash, state, updated_at) values ($1, $2, $3, $4)", [
    end.job.id,
    receiptHash,
    state,
    end.at,
  ]);
  if (end.price > 0n) await enqueueOutbox(sql, { topic: "settle", key: end.job.id, at: end.at });
}
