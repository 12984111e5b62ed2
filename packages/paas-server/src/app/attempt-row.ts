import { errorOf, type AttemptState, type LeaseState, type Outcome } from "@nebula/protocol";
import type { Sql } from "./ports.ts";

/** An attempt's row. Times are unix milliseconds on the server's clock. */
export interface AttemptRow {
  readonly id: string;
  readonly job: string;
  readonly no: number | null;
  readonly rig: string;
  readonly slot: string;
  readonly state: AttemptState;
  readonly fence: bigint;
  readonly lease_state: LeaseState;
  readonly lease_until: bigint;
  readonly offer_sent_at: bigint | null;
  readonly running_at: bigint | null;
  readonly exited_at: bigint | null;
  readonly unleased_ms: bigint;
  readonly result: unknown;
  readonly outcome: Outcome | null;
  readonly failure_code: string | null;
  readonly used_ms: bigint | null;
  readonly receipt: unknown;
}
const COLUMNS = `id, job, no, rig, slot, state, fence, lease_state, lease_until, offer_sent_at, running_at, exited_at, unleased_ms,
  result, outcome, failure_code, used_ms, receipt`;

/** By what a rig names an attempt: only the holder of the lease with this fence may speak of it. */
export interface LeaseClaim {
  readonly rigId: string;
  readonly attemptId: string;
  readonly fence: number;
}

/** Reads an attempt, locked where `lock` says so; null where there is none. */
export async function readAttempt(
  sql: Sql,
  attemptId: string,
  lock: "update" | "none" = "none",
): Promise<AttemptRow | null> {
  const [row] = await sql.query<AttemptRow>(
    `select ${COLUMNS} from attempt where id = $1 ${lock === "update" ? "for update" : ""}`,
    [attemptId],
  );
  return row ?? null;
}

function isOf(row: AttemptRow, claim: LeaseClaim): boolean {
  return row.rig === claim.rigId && row.fence === BigInt(claim.fence);
}

/** The attempt, where the claim names its rig and fence. Throws `Conflict` (LEASE_LOST) otherwise. */
export async function claimedAttempt(
  sql: Sql,
  claim: LeaseClaim,
  lock: "update" | "none" = "none",
): Promise<AttemptRow> {
  const row = await readAttempt(sql, claim.attemptId, lock);
  if (row === null || !isOf(row, claim)) throw leaseLost(claim.attemptId);
  return row;
}

/** The error for whoever speaks of an attempt that is not, or no longer, his. */
export function leaseLost(attemptId: string): Error {
  return errorOf(
    "LEASE_LOST",
    `Attempt ${attemptId} is not this rig's under this fence; its container must be stopped`,
  );
}
