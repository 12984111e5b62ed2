import { newId } from "@nebula/protocol";
import { freshBeatSince } from "../domain/leases.ts";
import type { AppContext } from "./context.ts";
import type { Sql } from "./ports.ts";

/** A job offered to a rig. */
export interface Placement {
  readonly attemptId: string;
  readonly jobId: string;
  readonly rigId: string;
}

interface FreeSlot {
  readonly rig: string;
  readonly id: string;
  readonly class_id: string;
}

/** Most slots filled in one round. */
const ROUND = 200;
/** A rig that declined a job is not offered it again for this long. */
const DECLINE_MS = 30_000;

function freeSlots(ctx: AppContext): Promise<readonly FreeSlot[]> {
  const now = ctx.clock.now();
  return ctx.db.query<FreeSlot>(
    `select s.rig, s.id, s.class_id from slot s
     join rig r on r.id = s.rig and r.connected and r.registered_tx is not null and r.state in ('available', 'busy')
     join rig_beat b on b.rig = r.id and b.at > $2
     where s.attempt is null and s.retry_at <= $1 and exists (select 1 from queued q where q.class_id = s.class_id)
     order by r.measured_speed_milli desc nulls last, s.rig, s.id limit ${ROUND}`,
    [now, freshBeatSince(ctx.config.times, now)],
  );
}

async function firstJob(sql: Sql, slot: FreeSlot, declinedSince: number): Promise<string | null> {
  const [row] = await sql.query<{ id: string }>(
    `select j.id from queued q join job j on j.id = q.job
     where q.class_id = $1 and j.state = 'queued' and not exists (
       select 1 from attempt a where a.job = j.id and a.rig = $2 and a.no is null and a.state = 'lost' and a.offered_at > $3)
     order by q.prio desc, q.job limit 1 for update of j skip locked`,
    [slot.class_id, slot.rig, declinedSince],
  );
  return row?.id ?? null;
}

async function fill(sql: Sql, slot: FreeSlot, ctx: AppContext): Promise<Placement | null> {
  const now = ctx.clock.now();
  const free = await sql.query(
    "select 1 from slot where rig = $1 and id = $2 and attempt is null for update skip locked",
    [slot.rig, slot.id],
  );
  if (free.length === 0) return null;
  const jobId = await firstJob(sql, slot, now - DECLINE_MS);
  if (jobId === null) return null;
  const attemptId = newId("attempt", now, (size) => ctx.random.bytes(size));
  await sql.query(
    `with made as (
       insert into attempt (id, job, rig, slot, state, lease_state, lease_until, offered_at)
       values ($1, $2, $3, $4, 'offered', 'offered', $5, $6)
     ), cursors as (
       insert into stream_cursor (attempt, stream) values ($1, 'events'), ($1, 'stderr')
     ), taken as (delete from queued where job = $2)
     update slot set attempt = $1 where rig = $3 and id = $4`,
    [attemptId, jobId, slot.rig, slot.id, now + ctx.config.times.offerMs, now],
  );
  return { attemptId, jobId, rigId: slot.rig };
}

/**
 * Gives every free slot of a present rig the first job of its class. Each placement is one transaction that reserves the slot, takes the
 * job out of the queue and makes the lease; several replicas may place at once. Offers are to be sent after.
 */
export async function placeJobs(ctx: AppContext): Promise<readonly Placement[]> {
  const placed: Placement[] = [];
  const empty = new Set<string>();
  for (const slot of await freeSlots(ctx)) {
    const key = `${slot.rig} ${slot.class_id}`;
    if (empty.has(key)) continue;
    const placement = await ctx.db.transaction((sql) => fill(sql, slot, ctx));
    if (placement === null) empty.add(key);
    else placed.push(placement);
  }
  return placed;
}
