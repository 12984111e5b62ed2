import { InsufficientFunds, NebulaError, Unavailable } from "@nebula/protocol";

/** SQLSTATE of a PostgreSQL error, or the code of a socket error; undefined for anything else. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Serialisation failure and deadlock: the same transaction may succeed when it is run again. */
export function isRetryable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === "40001" || state === "40P01";
}

const SOCKET_CODES = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT", "ETIMEDOUT", "EHOSTUNREACH"]);
// class 08: connection; 57P01–03: shut down, crashed, starting up; 53300: too many connections
const AWAY_STATES = /^(08...|57P0[123]|53300)$/;

function saysGone(error: unknown): boolean {
  // node-postgres gives these as plain errors without a code.
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/.test(
      error.message,
    )
  );
}

/** Whether the database did not answer, as against having refused a statement. */
export function isAway(error: unknown): boolean {
  const state = sqlStateOf(error);
  return (state !== undefined && (SOCKET_CODES.has(state) || AWAY_STATES.test(state))) || saysGone(error);
}

/** Raised by the trigger on balances: of two jobs that both fitted, the other was faster. */
const FREE_BALANCE = "ledger_free_not_negative";

function constraintOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("constraint" in error)) return undefined;
  return typeof error.constraint === "string" ? error.constraint : undefined;
}

/**
 * The error that a use case sees: `Unavailable` (DATABASE_AWAY) where the database did not answer, `InsufficientFunds`
 * (ALLOCATION_EXHAUSTED) where a free balance would pass below zero, else the error itself.
 */
export function mapFault(error: unknown): unknown {
  if (error instanceof NebulaError) return error;
  if (isAway(error))
    return new Unavailable("DATABASE_AWAY", "The database does not answer", {
      cause: error,
      data: { retryAfterMs: 1_000 },
    });
  if (constraintOf(error) === FREE_BALANCE)
    return new InsufficientFunds(
      "ALLOCATION_EXHAUSTED",
      "The allocation has less left than the job may cost",
      { cause: error },
    );
  return error;
}
