import { ERROR_CODES, type ErrorCode, type ErrorRow } from "./error-codes.ts";

export interface ErrorOptions {
  /** Facts for programs and for the message's reader; JSON values only, no secrets. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Base of every error of the product. `code` is stable; `message` says what was expected, what came and what to do. */
export class NebulaError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.data = options.data ?? {};
  }

  /** Row of the code table: HTTP status, who can act, whether anything was charged, and the remedy. */
  get row(): ErrorRow {
    return ERROR_CODES[this.code];
  }
}

/** The caller sent something that can never work; change it and send again. */
export class InvalidInput extends NebulaError {}
/** The caller may not do this; sign in or ask for the right. */
export class NotAllowed extends NebulaError {}
/** Nothing of that name that the caller may see. */
export class NotFound extends NebulaError {}
/** The state moved on (lost lease, stale row, used order); read it again. */
export class Conflict extends NebulaError {}
/** A cap, an allocation or a balance is too small. */
export class InsufficientFunds extends NebulaError {}
/** Not now; the same call may succeed after `retryAfterMs`. */
export class Unavailable extends NebulaError {
  get retryAfterMs(): number {
    return typeof this.data["retryAfterMs"] === "number" ? this.data["retryAfterMs"] : 1_000;
  }
}
/** A fault of ours. */
export class Bug extends NebulaError {}

const CLASSES = {
  InvalidInput,
  NotAllowed,
  NotFound,
  Conflict,
  InsufficientFunds,
  Unavailable,
  Bug,
} as const;

/** The error of the class that the table names for `code`. */
export function errorOf(code: ErrorCode, message: string, options: ErrorOptions = {}): NebulaError {
  return new CLASSES[ERROR_CODES[code].kind](code, message, options);
}

export {
  ERROR_CODES,
  REQUEST_ERRORS,
  RUN_FAILURES,
  type Charged,
  type ErrorCode,
  type ErrorRow,
  type FailureCode,
  type Who,
} from "./error-codes.ts";
