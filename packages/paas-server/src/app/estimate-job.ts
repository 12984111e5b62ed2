import {
  Bug,
  type estimateSchema,
  type JobSpec,
  type Nbai,
  NebulaError,
  Unavailable,
} from "@nebula/protocol";
import type { z } from "zod";
import { acceptedClassIds } from "../domain/classes.ts";
import { expectedRun, expectedWaitMs, priceOfMs } from "../domain/price.ts";
import { type CheckedSpec, checkSpec } from "./check-spec.ts";
import type { AppContext } from "./context.ts";
import type { Sql } from "./ports.ts";
import { choosePurse, type Purse, purseFault, readPurses } from "./read-purse.ts";

/** An estimate in wire form. */
export type EstimateJson = z.input<typeof estimateSchema>;

const PAST_RUNS = 30;
const MEAN_RUN_DEFAULT_MS = 30_000;

async function pastRunsMs(sql: Sql, checked: CheckedSpec): Promise<readonly number[]> {
  const rows = await sql.query<{ used_ms: bigint }>(
    `select used_ms from job where cells_hash = $1 and cells_hash <> '' and class = $2 and failure is null and ended_at is not null
     order by ended_at desc limit ${String(PAST_RUNS)}`,
    [checked.cellsHash, checked.class.name],
  );
  return rows.map((row) => Number(row.used_ms));
}

interface Crowd {
  readonly ahead: number;
  readonly rigs: number;
  readonly slots: number;
  readonly slotsFree: number;
  readonly meanMs: number;
}

async function crowdOf(sql: Sql, classIds: readonly string[], className: string): Promise<Crowd> {
  const [row] = await sql.query<{
    ahead: bigint;
    rigs: bigint;
    slots: bigint;
    free: bigint;
    mean: number | null;
  }>(
    `select (select count(distinct job) from queued where class_id = any($1)) as ahead,
       count(distinct s.rig) as rigs, count(*) as slots, count(*) filter (where s.attempt is null) as free,
       (select avg(used_ms)::float8 from (select used_ms from job where class = $2 and ended_at is not null order by id desc limit 50) past) as mean
     from slot s join rig r on r.id = s.rig where s.class_id = any($1) and r.connected and r.registered_tx is not null`,
    [classIds, className],
  );
  if (row === undefined) throw new Bug("INTERNAL", "An aggregate gave no row");
  const { ahead, rigs, slots, free, mean } = row;
  return {
    ahead: Number(ahead),
    rigs: Number(rigs),
    slots: Number(slots),
    slotsFree: Number(free),
    meanMs: mean ?? MEAN_RUN_DEFAULT_MS,
  };
}

/** Refuses a further job of an account that has as many waiting or running as it may. Throws `Unavailable` (QUEUE_FULL). */
export async function checkQueueLimit(ctx: AppContext, sql: Sql, accountId: string): Promise<number> {
  const [row] = await sql.query<{ live: bigint }>(
    "select count(*) as live from job where account = $1 and state in ('queued', 'running')",
    [accountId],
  );
  const live = Number(row?.live ?? 0n);
  const limit = ctx.config.limits.queuedPerAccount;
  if (limit !== null && live >= limit) {
    throw new Unavailable(
      "QUEUE_FULL",
      `You have ${String(live)} jobs that wait or run; at most ${String(limit)} at once`,
      { data: { limit, retryAfterMs: 10_000 } },
    );
  }
  return live;
}

async function obstacleTo(work: () => Promise<void>): Promise<EstimateJson["obstacle"]> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof NebulaError) || error.row.kind === "Bug") throw error;
    return { code: error.code, message: error.message, who: error.row.who, remedy: error.row.remedy };
  }
}

/** The estimate of a checked specification. `purse` is who would pay; null looks for it. */
export async function estimateChecked(
  ctx: AppContext,
  sql: Sql,
  of: { readonly accountId: string; readonly checked: CheckedSpec; readonly purse?: Purse },
): Promise<EstimateJson> {
  const { checked, accountId } = of;
  const rate = checked.class;
  const expected = expectedRun(await pastRunsMs(sql, checked), checked.spec.timeLimitMs);
  const crowd = await crowdOf(sql, acceptedClassIds(rate.name, ctx.config.classes), rate.name);
  const capped = (price: Nbai) => (price < checked.ceiling ? price : checked.ceiling).toString();
  const obstacle = await obstacleTo(async () => {
    const now = ctx.clock.now();
    const fault = purseFault(
      of.purse ?? choosePurse(await readPurses(sql, accountId), checked.ceiling, now),
      checked.ceiling,
      now,
    );
    if (fault !== null) throw fault;
    await checkQueueLimit(ctx, sql, accountId);
  });
  return {
    class: rate.name,
    unitPrice: rate.unitPrice.toString(),
    speedMilli: rate.speedMilli,
    rateVersion: ctx.config.rateVersion,
    expected,
    priceLow: capped(priceOfMs(expected.lowMs, rate)),
    priceHigh: capped(priceOfMs(expected.highMs, rate)),
    ceiling: checked.ceiling.toString(),
    startsInMs: expectedWaitMs(crowd),
    queueAhead: crowd.ahead,
    rigsOnline: crowd.rigs,
    obstacle,
  };
}

/** Price and waiting time before the press. Changes nothing and binds nobody. */
export async function estimateJob(
  ctx: AppContext,
  request: { readonly accountId: string; readonly spec: JobSpec; readonly ceiling?: Nbai | undefined },
): Promise<EstimateJson> {
  const checked = checkSpec(ctx.config, request.spec, request.ceiling);
  return estimateChecked(ctx, ctx.db, { accountId: request.accountId, checked });
}
