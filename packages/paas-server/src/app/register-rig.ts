import { Unavailable } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import { recordEvent } from "./record-event.ts";

interface RigRow {
  receipt_address: string;
  payout_address: string;
  registered_tx: string | null;
}

/** What stands in place of a transaction where the key was in the table already. */
const KNOWN = "known";

/**
 * Puts a rig's receipt key into the contract's table; until then it gets no job. Idempotent. Throws `Unavailable` (CHAIN_AWAY) where
 * the chain does not answer or refuses.
 */
export async function registerRig(ctx: AppContext, rigId: string): Promise<void> {
  const [rig] = await ctx.db.query<RigRow>(
    "select receipt_address, payout_address, registered_tx from rig where id = $1",
    [rigId],
  );
  if (rig === undefined || rig.registered_tx !== null) return;
  const tx = await enrolOnChain(ctx, rigId, rig);
  const at = ctx.clock.now();
  await ctx.db.transaction(async (sql) => {
    await sql.query("update rig set registered_tx = $2 where id = $1 and registered_tx is null", [rigId, tx]);
    await recordEvent(sql, {
      kind: "rig-registered",
      actor: "server",
      subject: rigId,
      data: { tx, key: rig.receipt_address },
      at,
    });
  });
  ctx.hints.give({ kind: "queue" });
}

async function enrolOnChain(ctx: AppContext, rigId: string, rig: RigRow): Promise<string> {
  if (await ctx.chain.isRigEnrolled(rig.receipt_address)) return KNOWN;
  const outcome = await ctx.chain.perform({
    purpose: `register-rig:${rigId}`,
    contract: "escrow",
    method: "enrolRig",
    args: [rig.receipt_address, rig.payout_address],
  });
  if (outcome.status === "mined") return outcome.hash;
  throw new Unavailable("CHAIN_AWAY", `The contract does not take the key of ${rigId}: ${outcome.reason}`, {
    data: { retryAfterMs: 30_000 },
  });
}
