import { z } from "zod";
import {
  allocationSchema,
  campusSchema,
  meSchema,
  newAllocationSchema,
  offeringsSchema,
  rigSchema,
} from "./campus.ts";
import type { ErrorCode } from "./error-codes.ts";
import { idSchema, signatureSchema } from "./ids.ts";
import { jobSchema, jobSpecSchema, jobStateSchema } from "./job.ts";
import { estimateSchema, quoteSchema, receiptBundleSchema } from "./money.ts";
import { enrolmentSchema } from "./rig.ts";
import { transcriptEventSchema } from "./frames.ts";
import { nbaiSchema } from "./units.ts";

/** Who may call: anybody, a signed-in user (with one of `permissions`, if given), or a rig. */
export type RouteAuth =
  { readonly kind: "public" } | { readonly kind: "user"; readonly permissions?: readonly string[] };

export interface Route {
  readonly method: "GET" | "POST";
  /** Path with `{name}` for each parameter. */
  readonly path: string;
  readonly summary: string;
  readonly auth: RouteAuth;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Null where no body is taken. */
  readonly body: z.ZodType | null;
  /** `bytes`: a download. */
  readonly response: z.ZodType | "bytes";
  readonly status: 200 | 201 | 202;
  /** `key`: takes `Idempotency-Key`; `natural`: the same call twice is the same as once; `safe`: changes nothing. */
  readonly idempotency: "key" | "natural" | "safe";
  /** Codes beyond those of sign-in, input and availability that every route may answer. */
  readonly errors: readonly ErrorCode[];
}

const none = z.object({});
const user = (...permissions: string[]): RouteAuth =>
  permissions.length > 0 ? { kind: "user", permissions } : { kind: "user" };
const jobId = z.object({ jobId: idSchema("job") });
const page = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

/** Problem document (RFC 9457) that every error answers with, as `application/problem+json`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    who: z.string(),
    charged: z.string(),
    remedy: z.string(),
    /** Id of the request, for campus IT. */
    instance: z.string(),
    retryAfterMs: z.int().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problemSchema>;

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

/** The wire as data: the server binds it, clients call through it, `/openapi.json` is made from it. */
export const ROUTES = {
  getCampus: {
    method: "GET",
    path: "/v1/campus",
    summary: "Where to sign in and on which chain the campus settles",
    auth: { kind: "public" },
    params: none,
    query: none,
    body: null,
    response: campusSchema,
    status: 200,
    idempotency: "safe",
    errors: [],
  },
  getOfferings: {
    method: "GET",
    path: "/v1/offerings",
    summary: "Classes with their prices, and kernel images",
    auth: { kind: "public" },
    params: none,
    query: none,
    body: null,
    response: offeringsSchema,
    status: 200,
    idempotency: "safe",
    errors: [],
  },
  getMe: {
    method: "GET",
    path: "/v1/me",
    summary: "Who is signed in, and what he may spend",
    auth: user(),
    params: none,
    query: none,
    body: null,
    response: meSchema,
    status: 200,
    idempotency: "safe",
    errors: [],
  },
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
  listAllocations: {
    method: "GET",
    path: "/v1/allocations",
    summary: "Allocations the caller owns or is a member of",
    auth: user(),
    params: none,
    query: none,
    body: null,
    response: z.object({ items: z.array(allocationSchema) }),
    status: 200,
    idempotency: "safe",
    errors: [],
  },
  createAllocation: {
    method: "POST",
    path: "/v1/allocations",
    summary: "A budget for a course or lab, with a cap per member",
    auth: user("allocation.approve"),
    params: none,
    query: none,
    body: newAllocationSchema,
    response: allocationSchema,
    status: 201,
    idempotency: "key",
    errors: ["IDEMPOTENCY_REUSED"],
  },
  createEnrolmentCode: {
    method: "POST",
    path: "/v1/enrolment-codes",
    summary: "A code with which one machine may enrol once, within 30 minutes",
    auth: user("rig.admin"),
    params: none,
    query: none,
    body: null,
    response: z.object({ code: z.string(), expiresAtMs: z.int() }),
    status: 201,
    idempotency: "key",
    errors: [],
  },
  enrolRig: {
    method: "POST",
    path: "/v1/rigs",
    summary: "Enrols a machine with a code",
    auth: { kind: "public" },
    params: none,
    query: none,
    body: enrolmentSchema,
    response: z.object({ rig: rigSchema, campus: campusSchema }),
    status: 201,
    idempotency: "natural",
    errors: ["ENROL_CODE_INVALID"],
  },
  createRigChallenge: {
    method: "POST",
    path: "/v1/rigs/{rigId}/challenge",
    summary: "A challenge for the rig to sign when it connects",
    auth: { kind: "public" },
    params: z.object({ rigId: idSchema("rig") }),
    query: none,
    body: null,
    response: z.object({ challenge: z.string(), expiresInMs: z.int() }),
    status: 201,
    idempotency: "natural",
    errors: ["RIG_UNKNOWN"],
  },
  listRigs: {
    method: "GET",
    path: "/v1/rigs",
    summary: "Every rig of the campus",
    auth: user("rig.admin"),
    params: none,
    query: none,
    body: null,
    response: z.object({ items: z.array(rigSchema) }),
    status: 200,
    idempotency: "safe",
    errors: [],
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
type R<Name extends RouteName> = (typeof ROUTES)[Name];
/** What a caller passes, before encoding (bigints, not strings). */
export type RouteInput<Name extends RouteName> = {
  params: z.output<R<Name>["params"]>;
  query: z.input<R<Name>["query"]>;
  body: R<Name>["body"] extends z.ZodType ? z.output<R<Name>["body"]> : null;
};
/** What the caller gets, decoded. */
export type RouteOutput<Name extends RouteName> = R<Name>["response"] extends z.ZodType
  ? z.output<R<Name>["response"]>
  : Uint8Array;
