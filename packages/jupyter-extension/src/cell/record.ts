import type { ICellModel } from "@jupyterlab/cells";
import { ERROR_CODES, keccakHex, type Job, type JobSpec } from "@nebula/protocol";
import { z } from "zod";

const amount = z.string().regex(/^[0-9]{1,29}$/);

/**
 * What a cell keeps of the job that made its outputs, under `metadata.nebula`. Amounts are decimal strings of base
 * units. It comes from a file, so it is checked before use and never trusted for money.
 */
export const recordSchema = z.looseObject({
  jobId: z.string().regex(/^job_[0-9a-z]{26}$/),
  /** Id that the cell had in the job; a copied cell keeps the record of the original. */
  cell: z.string(),
  role: z.enum(["setup", "run"]),
  /** Whether this cell carries the job's strip; the other cells of the job refer to it. */
  isAnchor: z.boolean(),
  /** keccak-256 of the source that ran. */
  codeHash: z.string(),
  inputs: z.array(z.string()).default([]),
  image: z.string(),
  rigClass: z.string(),
  redundancy: z.literal(1).default(1),
  state: z.enum(["draft", "queued", "running", "finished", "failed", "cancelled", "settled"]),
  /** ISO 8601, server's clock. */
  startedAt: z.string().nullable().default(null),
  usedMs: z.int().nonnegative().default(0),
  price: amount,
  ceiling: amount,
  receiptHash: z.string().nullable().default(null),
  settlementTx: z.string().nullable().default(null),
  failure: z
    .object({ code: z.string(), message: z.string(), errorName: z.string().optional() })
    .nullable()
    .default(null),
  /** Every output is in the notebook: nothing has to be fetched when it is opened. */
  isComplete: z.boolean().default(false),
  /** The cell has run elsewhere since, so the outputs below it are not this job's. */
  isSuperseded: z.boolean().default(false),
});
export type JobRecord = z.infer<typeof recordSchema>;

const KEY = "nebula";

/** The record of a cell, or null where there is none or it is not in order. */
export function readRecord(cell: ICellModel): JobRecord | null {
  const parsed = recordSchema.safeParse(cell.getMetadata(KEY));
  return parsed.success ? parsed.data : null;
}

/** Writes `record` unless the cell holds the same already, so that looking at a notebook does not change it. */
export function writeRecord(cell: ICellModel, record: JobRecord): void {
  if (JSON.stringify(readRecord(cell)) === JSON.stringify(record)) return;
  cell.setMetadata(KEY, record);
}

/** Hash by which a change of the source since the run is seen. */
export function codeHashOf(source: string): string {
  return keccakHex(new TextEncoder().encode(source));
}

/** Records of all cells of a new job, by cell id. */
export function newRecords(job: Job, spec: JobSpec, anchorId: string): Map<string, JobRecord> {
  return new Map(
    spec.cells.map((cell) => [
      cell.id,
      withJob(
        recordSchema.parse({
          jobId: job.id,
          cell: cell.id,
          role: cell.role,
          isAnchor: cell.id === anchorId,
          codeHash: codeHashOf(cell.source),
          image: job.image,
          rigClass: job.class,
          state: job.state,
          price: "0",
          ceiling: "0",
        }),
        job,
      ),
    ]),
  );
}

/** The record brought up to what the server says of the job. */
export function withJob(record: JobRecord, job: Job): JobRecord {
  const failure = job.failure && { code: job.failure.code, message: job.failure.message };
  const errorName = record.failure?.errorName;
  return {
    ...record,
    state: job.state,
    startedAt: job.startedAtMs === null ? null : new Date(job.startedAtMs).toISOString(),
    usedMs: job.usedMs,
    price: job.price.toString(),
    ceiling: job.ceiling.toString(),
    receiptHash: job.receiptHash,
    settlementTx: job.settlementTx,
    failure: failure && errorName !== undefined ? { ...failure, errorName } : failure,
  };
}

/** Row of the code table for a recorded failure; null for a code that this version does not know. */
export function failureRow(code: string): (typeof ERROR_CODES)[keyof typeof ERROR_CODES] | null {
  return code in ERROR_CODES ? ERROR_CODES[code as keyof typeof ERROR_CODES] : null; // checked by `in`
}
