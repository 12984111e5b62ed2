import { z } from "zod";
import { addressSchema, bytes32Schema, idSchema } from "./ids.ts";
import { JOB_TRANSITIONS, type JobState } from "./lifecycle.ts";
import { nbaiSchema } from "./units.ts";
import { RUN_FAILURES, type FailureCode } from "./error-codes.ts";

/** Most bytes of UTF-8 that all cells of one job may have together. */
export const CELLS_BYTES_MAX = 8 * 1024 * 1024;
/** Most cells of one job. */
export const CELLS_MAX = 1_000;
export const TRANSCRIPT_BYTES_DEFAULT = 16 * 1024 * 1024;
export const TRANSCRIPT_BYTES_MAX = 1024 * 1024 * 1024;
export const TIME_LIMIT_MS_DEFAULT = 10 * 60_000;
export const TIME_LIMIT_MS_MAX = 60 * 60_000;
/** Cells with this tag run before the selected ones in every job of the notebook. */
export const SETUP_TAG = "nebula-setup";

export const cellSchema = z.strictObject({
  /** Id of the cell in its notebook. */
  id: z.string().min(1).max(64),
  source: z.string(),
  /** `setup`: runs first, tagged `nebula-setup`; `run`: one of the cells that were pressed. */
  role: z.enum(["setup", "run"]),
  /** The tag `raises-exception` lets a job go on after an error in this cell. */
  tags: z.array(z.string().max(64)).max(32).default([]),
});
export type JobCell = z.infer<typeof cellSchema>;

/** What a user submits: cells in order, where and how long they may run. Its canonical hash stands in the order. */
export const jobSpecSchema = z
  .strictObject({
    v: z.literal(1),
    /** Name of a kernel image of the campus, such as `coursework`. */
    image: z.string().min(1).max(128),
    /** Name of a class of rigs, such as `cpu`. */
    class: z.string().min(1).max(64),
    cells: z.array(cellSchema).min(1).max(CELLS_MAX),
    /** Longest run in milliseconds, counted from `running`. */
    timeLimitMs: z.int().min(1_000).max(TIME_LIMIT_MS_MAX).default(TIME_LIMIT_MS_DEFAULT),
    /** Most bytes of output that are kept; above it head and tail are kept and the exact count of skipped bytes. */
    transcriptBytes: z
      .int()
      .min(64 * 1024)
      .max(TRANSCRIPT_BYTES_MAX)
      .default(TRANSCRIPT_BYTES_DEFAULT),
    /** Name of the notebook, for people only. */
    title: z.string().max(200).default(""),
  })
  .meta({ id: "JobSpec" });
export type JobSpec = z.infer<typeof jobSpecSchema>;
export type JobSpecInput = z.input<typeof jobSpecSchema>;

const jobStates = Object.keys(JOB_TRANSITIONS) as [JobState, ...JobState[]];
const failureCodes = Object.keys(RUN_FAILURES) as [FailureCode, ...FailureCode[]];

export const jobStateSchema = z.enum(jobStates);

export const failureSchema = z.object({
  code: z.enum(failureCodes),
  message: z.string(),
  who: z.enum(["you", "rig", "queue", "budget", "network", "us"]),
  charged: z.enum(["no", "used"]),
  remedy: z.string(),
});
export type JobFailure = z.infer<typeof failureSchema>;

export const progressSchema = z.object({ fraction: z.number().min(0).max(1), note: z.string() });

export const artefactSchema = z.object({
  /** Path below `/job/out`. */
  path: z.string(),
  sizeBytes: z.int().nonnegative(),
  sha256: bytes32Schema,
});
export type Artefact = z.infer<typeof artefactSchema>;

/** A job as its owner sees it. Times are unix milliseconds on the server's clock. */
export const jobSchema = z
  .object({
    id: idSchema("job"),
    state: jobStateSchema,
    title: z.string(),
    class: z.string(),
    image: z.string(),
    cellIds: z.array(z.string()),
    specHash: bytes32Schema,
    /** Counted from 1; 0 while no rig has taken the job. */
    attemptNo: z.int().nonnegative(),
    rig: z.object({ id: idSchema("rig"), name: z.string() }).nullable(),
    submittedAtMs: z.int(),
    startedAtMs: z.int().nullable(),
    endedAtMs: z.int().nullable(),
    /** While queued: jobs of this class ahead, and why it waits, in plain words. */
    queue: z.object({ ahead: z.int().nonnegative(), reason: z.string() }).nullable(),
    progress: progressSchema.nullable(),
    /** Time charged so far in milliseconds. */
    usedMs: z.int().nonnegative(),
    ceiling: nbaiSchema,
    /** What is still reserved. */
    held: nbaiSchema,
    /** Cost so far; the price once the job has ended. */
    price: nbaiSchema,
    refunded: nbaiSchema,
    failure: failureSchema.nullable(),
    artefacts: z.array(artefactSchema),
    receiptHash: bytes32Schema.nullable(),
    settlementTx: bytes32Schema.nullable(),
    /** Highest `seq` of the transcript so far; 0 when empty. */
    lastSeq: z.int().nonnegative(),
    payer: addressSchema,
    allocationId: idSchema("allocation"),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof jobSchema>;
export type JobJson = z.input<typeof jobSchema>;
