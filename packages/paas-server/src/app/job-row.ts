import { errorOf, type JobSpec, type JobState } from "@nebula/protocol";
import type { Sql } from "./ports.ts";

/** A job's row, locked until the transaction ends. Lock order everywhere: job, attempt, slot. */
export interface LockedJob {
  readonly id: string;
  readonly account: string;
  readonly allocation: string;
  readonly state: JobState;
  readonly spec: JobSpec;
  readonly class: string;
  readonly prio: number;
  readonly speed_milli: number;
  readonly order_json: unknown;
  readonly order_digest: string;
  readonly held: bigint;
  readonly attempt_no: number;
  readonly cancel_requested_at: bigint | null;
}

/** Reads and locks a job. Throws `NotFound` (JOB_UNKNOWN). */
export async function lockJob(sql: Sql, jobId: string): Promise<LockedJob> {
  const [row] = await sql.query<LockedJob>(
    `select id, account, allocation, state, spec, class, prio, speed_milli, order_json, order_digest, held, attempt_no, cancel_requested_at
     from job where id = $1 for update`,
    [jobId],
  );
  if (row === undefined) throw errorOf("JOB_UNKNOWN", `There is no job ${jobId}`);
  return row;
}

/** Checks that a job is the caller's own. Throws `NotFound` (JOB_UNKNOWN), whether it is another's or nobody's. */
export async function requireOwnJob(sql: Sql, accountId: string, jobId: string): Promise<void> {
  const rows = await sql.query("select 1 from job where id = $1 and account = $2", [jobId, accountId]);
  if (rows.length === 0) throw errorOf("JOB_UNKNOWN", `There is no job ${jobId} of yours`);
}
