import {
  expiryGraceMs,
  freshBeatSince,
  OVERRUN_LOST_MS,
  PREPARE_MS_MAX,
  SEAL_MS_MAX,
} from "../domain/leases.ts";
import type { AppContext } from "./context.ts";
import { loseAttempt } from "./lose-attempt.ts";

interface Overdue {
  readonly id: string;
  readonly reason: string;
}

/** Held leases that nobody renewed until the rig's dead man must have stopped the container, and attempts past a deadline. */
function overdueAttempts(ctx: AppContext): Promise<readonly Overdue[]> {
  const now = ctx.clock.now();
  return ctx.db.query<Overdue>(
    `select a.id, case
       when a.lease_until <= $1 then 'the rig went away'
       when a.exited_at is not null then 'the rig did not seal its receipt'
       when a.running_at is null then 'the rig did not start the container in time'
       else 'the rig did not stop the job at its limit' end as reason
     from attempt a join job j on j.id = a.job
     where a.lease_state = 'held' and (
       a.lease_until <= $1
       or a.exited_at <= $2
       or (a.exited_at is null and a.running_at is null and a.accepted_at <= $3)
       or (a.exited_at is null and a.running_at + (j.spec->>'timeLimitMs')::bigint <= $4))`,
    [now - expiryGraceMs(ctx.config.times), now - SEAL_MS_MAX, now - PREPARE_MS_MAX, now - OVERRUN_LOST_MS],
  );
}

/**
 * Offers without an answer. One that was never sent ends at once. One that was sent may have been taken: it ends when a beat that came
 * after its time does not name it (a beat that names it accepts it), or when the rig has been silent so long that its dead man struck.
 */
function overdueOffers(ctx: AppContext): Promise<readonly Overdue[]> {
  const { times } = ctx.config;
  const now = ctx.clock.now();
  return ctx.db.query<Overdue>(
    `select a.id, 'the rig did not answer the offer' as reason from attempt a left join rig_beat b on b.rig = a.rig
     where a.lease_state = 'offered' and a.lease_until <= $1
       and (a.offer_sent_at is null or b.at > a.lease_until or a.offer_sent_at <= $2)`,
    [now, now - times.requeueAfterMs],
  );
}

/** Gives up every attempt that is overdue; returns how many. */
export async function expireLeases(ctx: AppContext): Promise<number> {
  const overdue = [...(await overdueAttempts(ctx)), ...(await overdueOffers(ctx))];
  for (const { id, reason } of overdue) await loseAttempt(ctx, { attemptId: id, reason });
  return overdue.length;
}

/** Marks rigs as offline that are neither connected nor beating, and drops challenges that have run out. */
export async function sweepRigs(ctx: AppContext): Promise<void> {
  const now = ctx.clock.now();
  await ctx.db.query(
    `update rig set state = 'offline', connected = false where state not in ('offline', 'retired', 'enrolled')
     and not exists (select 1 from rig_beat b where b.rig = rig.id and b.at > $1)`,
    [freshBeatSince(ctx.config.times, now)],
  );
  await ctx.db.query("delete from rig_challenge where expires_at <= $1", [now]);
}
