import type { Cancel } from "@nebula/protocol";
import { OVERRUN_KILL_MS } from "../domain/leases.ts";
import type { AppContext } from "./context.ts";

/** How long a cancelled cell has between the interrupt and the end of its kernel. */
const GRACE_MS = 5_000;
/** A job that is still there so long after the cancel is killed. */
const KILL_AFTER_MS = 30_000;

interface Stop {
  readonly id: string;
  readonly fence: bigint;
  readonly rig: string;
  readonly cancelled_at: bigint | null;
}

function stopsOf(ctx: AppContext, rigIds: readonly string[]): Promise<readonly Stop[]> {
  return ctx.db.query<Stop>(
    `select a.id, a.fence, a.rig, j.cancel_requested_at as cancelled_at from attempt a join job j on j.id = a.job
     where a.lease_state = 'held' and a.exited_at is null and a.rig = any($1)
       and (j.cancel_requested_at is not null or a.running_at + (j.spec->>'timeLimitMs')::bigint <= $2)`,
    [rigIds, ctx.clock.now() - OVERRUN_KILL_MS],
  );
}

function messageOf(stop: Stop, nowMs: number): Cancel {
  const named = { attempt: stop.id, fence: Number(stop.fence) };
  if (stop.cancelled_at === null) return { ...named, mode: "kill", reason: "ceiling", graceMs: 0 };
  const isLate = nowMs - Number(stop.cancelled_at) >= KILL_AFTER_MS;
  return {
    ...named,
    mode: isLate ? "kill" : "interrupt",
    reason: "cancelled",
    graceMs: isLate ? 0 : GRACE_MS,
  };
}

/** Tells the rigs connected here to stop what was cancelled or runs past its limit; said again until it ends. Returns the attempts told. */
export async function deliverCancels(
  ctx: AppContext,
  rigIds: readonly string[],
  isTold: (attemptId: string) => boolean,
): Promise<readonly string[]> {
  if (rigIds.length === 0) return [];
  const stops = (await stopsOf(ctx, rigIds)).filter((stop) => !isTold(stop.id));
  const now = ctx.clock.now();
  for (const stop of stops) {
    void ctx.rigs
      .send(stop.rig, { t: "cancel", body: messageOf(stop, now) })
      .catch((error: unknown) =>
        ctx.log.info({ attemptId: stop.id, rigId: stop.rig, err: error }, "cancel not answered"),
      );
  }
  return stops.map((stop) => stop.id);
}
