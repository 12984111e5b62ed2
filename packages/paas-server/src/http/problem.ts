import { Bug, NebulaError, type Problem, Unavailable } from "@nebula/protocol";

/** A problem document with its status. */
export interface ProblemAnswer {
  readonly status: number;
  readonly problem: Problem;
}

const TITLES: Readonly<Record<string, string>> = {
  InvalidInput: "The request cannot be used",
  NotAllowed: "Not allowed",
  NotFound: "Not found",
  Conflict: "The state has moved on",
  InsufficientFunds: "Not enough money",
  Unavailable: "Not now",
  Bug: "A fault of ours",
};

/** What a caller may know of an error: a `Bug`, or anything that is no error of the product, shows only the request's id. */
export function publicError(error: unknown, requestId: string): NebulaError {
  const isOurs = error instanceof NebulaError && error.row.status !== 0 && !(error instanceof Bug);
  return isOurs
    ? error
    : new Bug("INTERNAL", `Something failed on our side; tell campus IT the id ${requestId}`);
}

/** The problem document (RFC 9457) of an error. `requestId` becomes its `instance`. */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const shown = publicError(error, requestId);
  const { kind, status, who, charged, remedy } = shown.row;
  const problem: Problem = {
    type: `urn:nebula:error:${shown.code}`,
    title: TITLES[kind] ?? kind,
    status,
    detail: shown.message,
    code: shown.code,
    who,
    charged,
    remedy,
    instance: requestId,
  };
  if (shown instanceof Unavailable) problem.retryAfterMs = shown.retryAfterMs;
  if (Object.keys(shown.data).length > 0) problem.data = { ...shown.data };
  return { status, problem };
}
