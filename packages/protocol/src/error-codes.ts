/** Who can do something about a failure. */
export type Who = "you" | "rig" | "queue" | "budget" | "network" | "us";

/** `no`: nothing; `used`: the time used so far, as the receipt shows. */
export type Charged = "no" | "used";

export interface ErrorRow {
  /** Subclass of `NebulaError`, one per recovery. */
  readonly kind:
    "InvalidInput" | "NotAllowed" | "NotFound" | "Conflict" | "InsufficientFunds" | "Unavailable" | "Bug";
  /** HTTP status; 0 for a failure of a run, which reaches people as the job's failure and never as an HTTP error. */
  readonly status: number;
  readonly who: Who;
  readonly charged: Charged;
  /** What to do, one sentence. */
  readonly remedy: string;
}

type Head = readonly [kind: ErrorRow["kind"], status: number];
const row = (head: Head, who: Who, remedy: string): ErrorRow => ({
  kind: head[0],
  status: head[1],
  who,
  charged: "no",
  remedy,
});
const run = (who: Who, charged: Charged, remedy: string): ErrorRow => ({
  kind: "Conflict",
  status: 0,
  who,
  charged,
  remedy,
});

/** Codes that answer a request. */
export const REQUEST_ERRORS = {
  TOKEN_MISSING: row(["NotAllowed", 401], "you", "Sign in and send the access token as a bearer token."),
  TOKEN_INVALID: row(
    ["NotAllowed", 401],
    "you",
    "Sign in again; the token was not issued for this campus or was changed.",
  ),
  TOKEN_EXPIRED: row(["NotAllowed", 401], "you", "Sign in again or renew the token."),
  ROLE_MISSING: row(["NotAllowed", 403], "you", "Ask campus IT for the role that the message names."),
  ISSUER_AWAY: row(
    ["Unavailable", 503],
    "network",
    "The sign-in service does not answer; try again shortly.",
  ),
  ORIGIN_NOT_ALLOWED: row(
    ["NotAllowed", 403],
    "you",
    "Open the notebook from an address that campus IT has listed.",
  ),
  INPUT_INVALID: row(
    ["InvalidInput", 400],
    "you",
    "Correct the fields that the message names and send again.",
  ),
  BODY_TOO_LARGE: row(["InvalidInput", 413], "you", "Send less; the message names the limit."),
  CELLS_TOO_LARGE: row(
    ["InvalidInput", 413],
    "you",
    "Keep the cells of one job under 8 MiB; load large data from a file.",
  ),
  IMAGE_UNKNOWN: row(["InvalidInput", 422], "you", "Choose one of the images that the message lists."),
  CLASS_UNKNOWN: row(["InvalidInput", 422], "you", "Choose one of the classes that the message lists."),
  IDEMPOTENCY_REUSED: row(["Conflict", 409], "you", "Use a new idempotency key for a different request."),
  ROUTE_UNKNOWN: row(["NotFound", 404], "you", "Check the address; /openapi.json lists every route."),
  JOB_UNKNOWN: row(["NotFound", 404], "you", "Check the job id; only its owner can see a job."),
  ARTEFACT_UNKNOWN: row(["NotFound", 404], "you", "Check the name in the job's list of artefacts."),
  RECEIPT_UNKNOWN: row(
    ["NotFound", 404],
    "you",
    "Wait until the job has finished; then its receipt appears.",
  ),
  ALLOCATION_UNKNOWN: row(
    ["NotFound", 404],
    "you",
    "Ask the professor of the course to add you to its allocation.",
  ),
  RIG_UNKNOWN: row(["NotFound", 404], "rig", "Enrol the machine again with a new code."),
  QUOTE_EXPIRED: row(["Conflict", 409], "you", "Ask for a new quote; prices hold for ten minutes."),
  ORDER_SIGNER_WRONG: row(
    ["NotAllowed", 403],
    "you",
    "Sign the order with the key of the account that spends.",
  ),
  ORDER_TERMS_WRONG: row(["InvalidInput", 422], "you", "Sign the order exactly as the quote gave it."),
  ORDER_EXPIRED: row(["Conflict", 409], "you", "Ask for a new quote and sign its order."),
  ORDER_USED: row(["Conflict", 409], "you", "This order has already paid for a job; ask for a new quote."),
  JOB_CAP_EXCEEDED: row(
    ["InsufficientFunds", 402],
    "budget",
    "Lower the ceiling or ask the professor for a higher limit per job.",
  ),
  MEMBER_CAP_EXCEEDED: row(
    ["InsufficientFunds", 402],
    "budget",
    "Wait for running jobs to release their holds, or ask the professor for a higher cap.",
  ),
  ALLOCATION_EXHAUSTED: row(
    ["InsufficientFunds", 402],
    "budget",
    "Ask the professor to add to the allocation.",
  ),
  ALLOCATION_NOT_ACTIVE: row(
    ["InsufficientFunds", 402],
    "budget",
    "Wait until the allocation is funded and active.",
  ),
  QUEUE_FULL: row(["Unavailable", 429], "queue", "Wait until one of your queued jobs has started."),
  RATE_LIMITED: row(["Unavailable", 429], "you", "Send fewer requests; the answer says when to go on."),
  ENROL_CODE_INVALID: row(
    ["NotAllowed", 403],
    "rig",
    "Ask campus IT for a new enrolment code; a code works once and for 30 minutes.",
  ),
  RIG_AUTH_INVALID: row(
    ["NotAllowed", 401],
    "rig",
    "Check the rig's key; enrol the machine again if it was lost.",
  ),
  RIG_SUPERSEDED: row(
    ["Conflict", 409],
    "rig",
    "Another agent with the same key is connected; stop one of them.",
  ),
  LEASE_LOST: row(["Conflict", 409], "rig", "The attempt belongs to another lease; stop its container."),
  STATE_STALE: row(["Conflict", 409], "you", "Read the current state and try again."),
  DATABASE_AWAY: row(["Unavailable", 503], "us", "The campus is restarting a part; try again shortly."),
  CHAIN_AWAY: row(["Unavailable", 503], "us", "The chain does not answer; jobs run on and settle later."),
  SERVER_AWAY: row(
    ["Unavailable", 503],
    "network",
    "Check the network and the campus address; the job, if submitted, runs on.",
  ),
  SERVER_STOPPING: row(["Unavailable", 503], "us", "The server is restarting; try again in a few seconds."),
  INTERNAL: row(["Bug", 500], "us", "Tell campus IT the id in the message."),
} as const satisfies Record<string, ErrorRow>;

/** Codes with which a job can fail. */
export const RUN_FAILURES = {
  CELL_RAISED: run("you", "used", "Read the traceback under the cell, correct the code and run again."),
  KERNEL_EXITED: run(
    "you",
    "used",
    "The code ended the interpreter; remove the call that exits and run again.",
  ),
  MEMORY_EXCEEDED: run("you", "used", "Use less memory or choose a class with more."),
  TIME_LIMIT: run("you", "used", "Raise the time limit or split the work; output up to the limit is kept."),
  CEILING_REACHED: run(
    "budget",
    "used",
    "Raise the ceiling and run again; output up to the ceiling is kept.",
  ),
  CANCELLED: run("you", "used", "You cancelled the job; output up to then is kept."),
  RIG_LOST: run("rig", "no", "The rig went away and no other could take over; run again."),
  RIG_FAULT: run("rig", "no", "The rig failed; run again, another rig will take it."),
  CONTAINER_KILLED: run("rig", "no", "The container was stopped from outside; run again."),
  NO_RIG: run("queue", "no", "No rig of this class was free in time; try later or choose another class."),
} as const satisfies Record<string, ErrorRow>;

/** Every code. `docs/errors.md` holds the same rows. */
export const ERROR_CODES = { ...REQUEST_ERRORS, ...RUN_FAILURES };

export type ErrorCode = keyof typeof ERROR_CODES;
export type FailureCode = keyof typeof RUN_FAILURES;
