import type { ServerConfig } from "../config/config.ts";
import { acceptedClassIds } from "../domain/classes.ts";
import type { LockedJob } from "./job-row.ts";
import type { Sql } from "./ports.ts";

/** Puts a locked job into its queue (again), with the age it has. Once or twice is the same. */
export async function requeueJob(
  sql: Sql,
  job: Pick<LockedJob, "id" | "class" | "prio">,
  config: ServerConfig,
): Promise<void> {
  await sql.query("update job set state = 'queued', started_at = null, progress = null where id = $1", [
    job.id,
  ]);
  await sql.query(
    "insert into queued (job, class_id, prio) select $1, unnest($2::text[]), $3 on conflict do nothing",
    [job.id, acceptedClassIds(job.class, config.classes), job.prio],
  );
}
