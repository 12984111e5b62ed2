import { z } from "zod";
import { transcriptEventSchema } from "./frames.ts";
import { idSchema, signatureSchema } from "./ids.ts";
import { jobSchema, jobSpecSchema, jobStateSchema } from "./job.ts";
import { estimateSchema, quoteSchema, receiptBundleSchema } from "./money.ts";
import { none, user, type Route } from "./route.ts";
import { nbaiSchema } from "./units.ts";

const jobId = z.object({ jobId: idSchema("job") });
const page = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

const submitSchema = z
  .strictObject({
    spec: jobSpecSchema,
    /** The most the job may cost; default: the price of its whole time limit. */
    ceiling: nbaiSchema.optional(),
    /** The quote's job id; required with a signature. Without it, the server quotes and submits at once (managed keys only). */
    jobId: idSchema("job").optional(),
    /** Spender's signature of the quote's order. Without it, the server's vault signs (managed keys only). */
    signature: signatureSchema.optional(),
  })
  .meta({ id: "SubmitJob" });

const pricedSchema = z.strictObject({ spec: jobSpecSchema, ceiling: nbaiSchema.optional() });

/** Routes of jobs: price, submit, watch, stop, and what came of them. */
export const JOB_ROUTES = {
  estimate: {
    method: "POST",
    path: "/v1/estimates",
    summary: "Price and waiting time before the press; binds nobody",
    auth: user("job.submit"),
    params: none,
    query: none,
    body: pricedSchema,
    response: estimateSchema,
    status: 200,
    idempotency: "safe",
    errors: ["IMAGE_UNKNOWN", "CLASS_UNKNOWN", "CELLS_TOO_LARGE"],
  },
  createQuote: {
    method: "POST",
    path: "/v1/quotes",
    summary: "A price promised for ten minutes, with the order to sign",
    auth: user("job.submit"),
    params: none,
    query: none,
    body: pricedSchema,
    response: quoteSchema,
    status: 201,
    idempotency: "key",
    errors: [
      "IMAGE_UNKNOWN",
      "CLASS_UNKNOWN",
      "CELLS_TOO_LARGE",
      "ALLOCATION_UNKNOWN",
      "ALLOCATION_NOT_ACTIVE",
    ],
  },
  submitJob: {
    method: "POST",
    path: "/v1/jobs",
    summary: "Submits a job and reserves its ceiling",
    auth: user("job.submit"),
    params: none,
    query: none,
    body: submitSchema,
    response: jobSchema,
    status: 201,
    idempotency: "key",
    errors: [
      "IMAGE_UNKNOWN",
      "CLASS_UNKNOWN",
      "CELLS_TOO_LARGE",
      "IDEMPOTENCY_REUSED",
      "QUOTE_EXPIRED",
      "ORDER_SIGNER_WRONG",
      "ORDER_TERMS_WRONG",
      "ORDER_EXPIRED",
      "ORDER_USED",
      "JOB_CAP_EXCEEDED",
      "MEMBER_CAP_EXCEEDED",
      "ALLOCATION_EXHAUSTED",
      "ALLOCATION_NOT_ACTIVE",
      "ALLOCATION_UNKNOWN",
      "QUEUE_FULL",
    ],
  },
  listJobs: {
    method: "GET",
    path: "/v1/jobs",
    summary: "The caller's jobs, newest first",
    auth: user(),
    params: none,
    query: z.object({ ...page, state: jobStateSchema.optional() }),
    body: null,
    response: z.object({ items: z.array(jobSchema), next: z.string().nullable() }),
    status: 200,
    idempotency: "safe",
    errors: [],
  },
  getJob: {
    method: "GET",
    path: "/v1/jobs/{jobId}",
    summary: "One job",
    auth: user(),
    params: jobId,
    query: none,
    body: null,
    response: jobSchema,
    status: 200,
    idempotency: "safe",
    errors: ["JOB_UNKNOWN"],
  },
  cancelJob: {
    method: "POST",
    path: "/v1/jobs/{jobId}/cancel",
    summary: "Stops a job; output up to then is kept",
    auth: user(),
    params: jobId,
    query: none,
    body: null,
    response: jobSchema,
    status: 202,
    idempotency: "natural",
    errors: ["JOB_UNKNOWN"],
  },
  getTranscript: {
    method: "GET",
    path: "/v1/jobs/{jobId}/transcript",
    summary: "Events of a job after `since`, ascending by seq",
    auth: user(),
    params: jobId,
    query: z.object({
      since: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
    }),
    body: null,
    response: z.object({ events: z.array(transcriptEventSchema), lastSeq: z.int(), complete: z.boolean() }),
    status: 200,
    idempotency: "safe",
    errors: ["JOB_UNKNOWN"],
  },
  getLog: {
    method: "GET",
    path: "/v1/jobs/{jobId}/log",
    summary: "The raw event stream of the job's last attempt, the bytes that `logRoot` is the hash of",
    auth: user(),
    params: jobId,
    query: none,
    body: null,
    response: "bytes",
    status: 200,
    idempotency: "safe",
    errors: ["JOB_UNKNOWN"],
  },
  getArtefact: {
    method: "GET",
    path: "/v1/jobs/{jobId}/artefact",
    summary: "One artefact of the job",
    auth: user(),
    params: jobId,
    query: z.object({ path: z.string().min(1).max(1_024) }),
    body: null,
    response: "bytes",
    status: 200,
    idempotency: "safe",
    errors: ["JOB_UNKNOWN", "ARTEFACT_UNKNOWN"],
  },
  getReceipt: {
    method: "GET",
    path: "/v1/jobs/{jobId}/receipt",
    summary: "All that is needed to check what was charged",
    auth: user(),
    params: jobId,
    query: none,
    body: null,
    response: receiptBundleSchema,
    status: 200,
    idempotency: "safe",
    errors: ["JOB_UNKNOWN", "RECEIPT_UNKNOWN"],
  },
} as const satisfies Record<string, Route>;
