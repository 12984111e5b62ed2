import type { Sql } from "./ports.ts";

/** Side work that follows a transaction and is tried until it is done. */
export type OutboxTopic = "settle" | "register-rig" | "fund-allocation";

/** One errand: what is to be done, and to which job, rig or allocation. */
export interface NewErrand {
  readonly topic: OutboxTopic;
  /** Id of the job, rig or allocation. */
  readonly key: string;
  /** Unix milliseconds from which it is due. */
  readonly at: number;
}

/** Leaves side work behind, in the caller's transaction. The same topic and key again changes nothing. */
export async function enqueueOutbox(sql: Sql, { topic, key, at }: NewErrand): Promise<void> {
  await sql.query(
    "insert into outbox (topic, key, next_at) values ($1, $2, $3) on conflict (topic, key) do nothing",
    [topic, key, at],
  );
}
