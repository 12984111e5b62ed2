import type { JobJson } from "@nebula/protocol";
import type { Sql } from "./ports.ts";

/** Place of a queued job: jobs of its class that are placed before it, and why it waits, in plain words. */
export async function queueOf(sql: Sql, jobId: string): Promise<NonNullable<JobJson["queue"]>> {
  const [row] = await sql.query<{ ahead: bigint; rigs: bigint }>(
    `select
       (select count(*) from queued o where o.class_id = q.class_id and (o.prio > q.prio or o.prio = q.prio and o.job < q.job)) as ahead,
       (select count(*) from slot s join rig r on r.id = s.rig where s.class_id = q.class_id and r.connected) as rigs
     from queued q where q.job = $1 order by ahead limit 1`,
    [jobId],
  );
  const ahead = Number(row?.ahead ?? 0n);
  if ((row?.rigs ?? 0n) === 0n) return { ahead, reason: "No rig of this class is connected." };
  return {
    ahead,
    reason:
      ahead === 0 ? "Next in line; waits for a free rig." : `Waits for a free rig; ${String(ahead)} ahead.`,
  };
}
