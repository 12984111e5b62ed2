import type { AppContext } from "./context.ts";

const DAY_MS = 24 * 60 * 60_000;
/** How long a repeated call still gets its first answer. */
const ANSWERS_KEPT_MS = 2 * DAY_MS;
const ERRANDS_KEPT_MS = 30 * DAY_MS;

/** Deletes what nobody asks for any more: old answers to repeated calls, quotes that were not used, errands that are done. */
export async function sweepStale(ctx: Pick<AppContext, "db" | "clock">): Promise<void> {
  const now = ctx.clock.now();
  await ctx.db.query("delete from idempotency where created_at < $1", [now - ANSWERS_KEPT_MS]);
  await ctx.db.query("delete from quote where used_at is null and expires_at < $1", [now - DAY_MS]);
  await ctx.db.query("delete from outbox where done_at < $1", [now - ERRANDS_KEPT_MS]);
  await ctx.db.query("delete from revoked_session where until < $1", [now]);
}
