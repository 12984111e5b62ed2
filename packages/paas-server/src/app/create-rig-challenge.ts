import { Buffer } from "node:buffer";
import { errorOf } from "@nebula/protocol";
import type { AppContext } from "./context.ts";

/** How long a challenge may be answered. */
export const CHALLENGE_MS = 60_000;

/** A challenge for a rig to sign when it connects: good once, for a minute. Throws `NotFound` (RIG_UNKNOWN). */
export async function createRigChallenge(
  ctx: AppContext,
  rigId: string,
): Promise<{ challenge: string; expiresInMs: number }> {
  const challenge = Buffer.from(ctx.random.bytes(32)).toString("base64url");
  const rows = await ctx.db.query(
    "insert into rig_challenge (challenge, rig, expires_at) select $1, id, $3 from rig where id = $2 and state <> 'retired' returning rig",
    [challenge, rigId, ctx.clock.now() + CHALLENGE_MS],
  );
  if (rows.length === 0) throw errorOf("RIG_UNKNOWN", `No rig has the id ${rigId}; enrol the machine again`);
  return { challenge, expiresInMs: CHALLENGE_MS };
}
