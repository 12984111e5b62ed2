import { Unavailable } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import type { OutboxTopic } from "./enqueue-outbox.ts";
import { fundAllocation } from "./fund-allocation.ts";
import { sealEvents } from "./record-event.ts";
import { registerRig } from "./register-rig.ts";
import { settleReceipt } from "./settle-receipt.ts";
import type { Metrics } from "./ports.ts";

interface Errand {
  id: bigint;
  topic: OutboxTopic;
  key: string;
  tries: number;
}

/** Errands taken at once. */
const BATCH = 16;
/** A replica that dies in the middle of an errand is followed by another after this long. */
const CLAIM_MS = 60_000;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 60_000;

const ERRANDS: Readonly<Record<OutboxTopic, (ctx: AppContext, key: string) => Promise<void>>> = {
  settle: settleReceipt,
  "register-rig": registerRig,
  "fund-allocation": fundAllocation,
};

/** Pause before the next try: doubles from a quarter of a second to a minute, between half and whole of it by chance (0 to 1). */
export function backoffMs(tries: number, chance: number): number {
  const whole = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(tries, 20));
  return Math.round(whole * (0.5 + chance / 2));
}

function claim(ctx: AppContext): Promise<readonly Errand[]> {
  const now = ctx.clock.now();
  return ctx.db.query<Errand>(
    `update outbox set tries = tries + 1, next_at = $2 where id in (
       select id from outbox where done_at is null and next_at <= $1 order by next_at, id limit ${String(BATCH)} for update skip locked)
     returning id, topic, key, tries`,
    [now, now + CLAIM_MS],
  );
}

function pauseMs(ctx: AppContext, errand: Errand, error: unknown): number {
  // why: where the errand itself says when to look again, it knows better
  if (error instanceof Unavailable && error.data["retryAfterMs"] !== undefined)
    return Math.min(error.retryAfterMs, BACKOFF_MAX_MS);
  return backoffMs(errand.tries, (ctx.random.bytes(1)[0] ?? 0) / 255);
}

async function run(ctx: AppContext, metrics: Pick<Metrics, "countOutbox">, errand: Errand): Promise<void> {
  try {
    await ERRANDS[errand.topic](ctx, errand.key);
    await ctx.db.query("update outbox set done_at = $2, last_error = null where id = $1", [
      errand.id,
      ctx.clock.now(),
    ]);
    metrics.countOutbox(errand.topic, "done");
  } catch (error) {
    const message = error instanceof Error ? error.message : "unknown";
    const level = error instanceof Unavailable ? "debug" : "error";
    ctx.log[level](
      { topic: errand.topic, key: errand.key, tries: errand.tries, err: message },
      "errand failed",
    );
    metrics.countOutbox(errand.topic, "failed");
    await ctx.db.query("update outbox set last_error = $2, next_at = $3 where id = $1", [
      errand.id,
      message.slice(0, 1_000),
      ctx.clock.now() + pauseMs(ctx, errand, error),
    ]);
  }
}

/**
 * Does the errands that are due, each at least once and by one replica at a time, and seals the record of events. Returns how many
 * errands were tried. An errand that fails stays with its last error and is tried again, for ever.
 */
export async function runOutbox(ctx: AppContext, metrics: Pick<Metrics, "countOutbox">): Promise<number> {
  const errands = await claim(ctx);
  await Promise.all(errands.map((errand) => run(ctx, metrics, errand)));
  await ctx.db.transaction(sealEvents);
  return errands.length;
}
