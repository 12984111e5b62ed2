import type { Beat } from "@nebula/protocol";
import { acceptOffer } from "./answer-offer.ts";
import type { AppContext } from "./context.ts";

/** A beat and the rig that sent it. */
export interface RigBeat {
  readonly rigId: string;
  readonly beat: Beat;
}

/** A rig that was silent so long that it counted as offline is back with its beat. */
async function writeBeats(ctx: AppContext, beats: readonly RigBeat[]): Promise<void> {
  await ctx.db.query(
    `with back as (
       update rig set connected = true, state = 'available' where id = any($1) and state = 'offline'
     )
     insert into rig_beat (rig, at, body) select rig, $3, body from unnest($1::text[], $2::jsonb[]) as b(rig, body)
     on conflict (rig) do update set at = excluded.at, body = excluded.body`,
    [beats.map((entry) => entry.rigId), beats.map((entry) => JSON.stringify(entry.beat)), ctx.clock.now()],
  );
}

interface Named {
  readonly rig: string;
  readonly id: string;
  readonly fence: number;
}

async function renew(ctx: AppContext, named: readonly Named[]): Promise<ReadonlySet<string>> {
  const now = ctx.clock.now();
  const rows = await ctx.db.query<{ id: string }>(
    `update attempt a set unleased_ms = a.unleased_ms + greatest(0, $4 - a.lease_until), lease_until = $5
     from unnest($1::text[], $2::text[], $3::bigint[]) as n(rig, id, fence)
     where a.id = n.id and a.rig = n.rig and a.fence = n.fence and a.lease_state = 'held' returning a.id`,
    [
      named.map((entry) => entry.rig),
      named.map((entry) => entry.id),
      named.map((entry) => entry.fence),
      now,
      now + ctx.config.times.leaseMs,
    ],
  );
  return new Set(rows.map((row) => row.id));
}

/** Accepts what a rig says it is running and no answer came for; returns whether the lease is its own now. */
async function acceptLate(ctx: AppContext, named: Named): Promise<boolean> {
  return acceptOffer(ctx, { rigId: named.rig, attemptId: named.id, fence: named.fence }).then(
    () => true,
    () => false,
  );
}

/**
 * Takes the beats of many rigs with one statement each for beats and leases. Every lease that a beat names goes on; time that passed
 * under no valid lease is noted and not charged. Returns, for each rig, the attempts that are not its own and must be killed.
 */
export async function renewLeases(
  ctx: AppContext,
  beats: readonly RigBeat[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const last = [...new Map(beats.map((entry) => [entry.rigId, entry])).values()];
  if (last.length === 0) return new Map();
  await writeBeats(ctx, last);
  const named = last.flatMap(({ rigId, beat }) =>
    beat.attempts.map(({ attempt, fence }) => ({ rig: rigId, id: attempt, fence })),
  );
  const renewed = named.length === 0 ? new Set<string>() : await renew(ctx, named);
  const kill = new Map<string, string[]>(last.map((entry) => [entry.rigId, []]));
  for (const entry of named) {
    if (!renewed.has(entry.id) && !(await acceptLate(ctx, entry))) kill.get(entry.rig)?.push(entry.id);
  }
  return kill;
}
