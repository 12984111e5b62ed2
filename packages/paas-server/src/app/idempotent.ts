import { createHash } from "node:crypto";
import { canonicalText, Conflict } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import type { Sql } from "./ports.ts";

/** A call that has its effect once, however often it is sent. */
export interface IdempotentCall {
  readonly accountId: string;
  readonly route: string;
  /** The caller's key; null runs the work as it is. */
  readonly key: string | null;
  /** What was asked, in wire form; the same key with another request is refused. */
  readonly request: unknown;
}

interface StoredAnswer {
  request_hash: string;
  response: unknown;
}

function requestHash(request: unknown): string {
  return createHash("sha256").update(canonicalText(request)).digest("hex");
}

/**
 * Runs `work` in a transaction and stores its answer, as wire JSON, in the same one; the same call again gives that answer. A call
 * that failed left nothing behind and may be repeated. Throws `Conflict` (IDEMPOTENCY_REUSED) for the same key with another request.
 */
export async function idempotent<Answer>(
  ctx: Pick<AppContext, "db" | "clock">,
  call: IdempotentCall,
  work: (sql: Sql) => Promise<Answer>,
): Promise<{ answer: Answer; isReplay: boolean }> {
  if (call.key === null) return { answer: await ctx.db.transaction(work), isReplay: false };
  const hash = requestHash(call.request);
  const place = [call.accountId, call.route, call.key];
  return ctx.db.transaction(async (sql) => {
    // why: a second call of the same key waits here until the first has committed
    const claimed = await sql.query(
      "insert into idempotency (account, route, key, request_hash, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing returning key",
      [...place, hash, ctx.clock.now()],
    );
    if (claimed.length === 0) return { answer: await storedAnswer<Answer>(sql, place, hash), isReplay: true };
    const answer = await work(sql);
    await sql.query("update idempotency set response = $4 where account = $1 and route = $2 and key = $3", [
      ...place,
      JSON.stringify(answer),
    ]);
    return { answer, isReplay: false };
  });
}

async function storedAnswer<Answer>(sql: Sql, place: readonly string[], hash: string): Promise<Answer> {
  const [stored] = await sql.query<StoredAnswer>(
    "select request_hash, response from idempotency where account = $1 and route = $2 and key = $3",
    place,
  );
  if (stored?.request_hash !== hash) {
    throw new Conflict("IDEMPOTENCY_REUSED", "This idempotency key was used for a different request");
  }
  return stored.response as Answer; // written above by the same route
}
