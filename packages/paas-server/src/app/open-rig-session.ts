import { errorOf, type RigHandshake } from "@nebula/protocol";
import { isHandshakeSigned } from "../domain/rig-handshake.ts";
import type { AppContext } from "./context.ts";

/** A rig's session: messages of an older epoch are not its own. */
export interface RigSessionId {
  readonly rigId: string;
  readonly epoch: number;
}

/**
 * Opens a session for a rig that signed a fresh challenge with its wire key; every older session of the rig ends. Throws `NotAllowed`
 * (RIG_AUTH_INVALID) and `Conflict` (RIG_SUPERSEDED) where a session with this epoch or a newer one was opened before.
 */
export async function openRigSession(ctx: AppContext, handshake: RigHandshake): Promise<RigSessionId> {
  const { rig: rigId, epoch, challenge } = handshake;
  const [used] = await ctx.db.query<{ wire_key: string; expires_at: bigint }>(
    "delete from rig_challenge c using rig r where c.challenge = $1 and c.rig = $2 and r.id = c.rig and r.state <> 'retired' returning r.wire_key, c.expires_at",
    [challenge, rigId],
  );
  if (used === undefined || Number(used.expires_at) <= ctx.clock.now())
    throw errorOf("RIG_AUTH_INVALID", `Rig ${rigId} must sign a fresh challenge`);
  if (!isHandshakeSigned(handshake, used.wire_key))
    throw errorOf("RIG_AUTH_INVALID", `The challenge is not signed with the wire key of rig ${rigId}`);
  const opened = await ctx.db.query(
    "update rig set epoch = $2, connected = false where id = $1 and epoch < $2 returning id",
    [rigId, epoch],
  );
  if (opened.length === 0)
    throw errorOf(
      "RIG_SUPERSEDED",
      `Rig ${rigId} has had a session of epoch ${epoch} or later; the next must be higher`,
    );
  ctx.hints.give({ kind: "rig", rigId, epoch });
  ctx.log.info({ rigId, epoch }, "rig connected");
  return { rigId, epoch };
}

/** Notes that a session has ended; a newer one is left alone. Leases go on until they expire. */
export async function closeRigSession(ctx: AppContext, session: RigSessionId): Promise<void> {
  await ctx.db.query("update rig set connected = false where id = $1 and epoch = $2", [
    session.rigId,
    session.epoch,
  ]);
  ctx.log.info({ rigId: session.rigId, epoch: session.epoch }, "rig disconnected");
}
