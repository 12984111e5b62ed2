import type { Sql } from "./ports.ts";

/** Side work that follows a transaction and is tried until it is done. */
export type OutboxTopic = "settle" | "register-rig" | "fund-allocation";

/** Leaves side work behind, in the caller's transaction. The same topic and key again changes nothing. `at`: unix milliseconds. */
export async function enqueueOutbox(sql: Sql, topic: OutboxTopic, key: string, payload: unknown, at: number): Promise<void> {
  await sql.query("insert into outbox (topic, key, payload, next_at) values ($1, $2, $3, $4) on conflict (topic, key) do nothing", [topic, key, JSON.stringify(payload), at]);
}
