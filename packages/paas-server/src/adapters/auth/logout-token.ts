import { verify } from "node:crypto";
import { NotAllowed } from "@nebula/protocol";
import { z } from "zod";
import type { KeyCache } from "./key-cache.ts";
import { splitToken } from "./token-shape.ts";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const AGE_MAX_MS = 5 * 60_000;

// OpenID Connect Back-Channel Logout 1.0, section 2.4; `typ` as Keycloak writes it, absent at others
const claimsSchema = z.object({
  typ: z.literal("Logout").optional(),
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  iat: z.number(),
  exp: z.number().optional(),
  jti: z.string().min(1),
  sid: z.string().min(1).max(200),
  events: z.object({ [EVENT]: z.looseObject({}) }),
  nonce: z.never().optional(),
});

function invalid(reason: string): NotAllowed {
  return new NotAllowed("TOKEN_INVALID", `The logout token cannot be used: ${reason}`);
}

export interface LogoutRules {
  readonly issuer: string;
  /** The browser client, whose session it was. */
  readonly clientId: string;
  readonly keys: KeyCache;
  readonly nowMs: number;
}

/** Session that a logout token ends. Throws `NotAllowed` (TOKEN_INVALID) or `Unavailable` (ISSUER_AWAY). */
export async function readLogoutToken(
  token: string,
  { issuer, clientId, keys, nowMs }: LogoutRules,
): Promise<string> {
  const { kid, claims } = splitToken(token, claimsSchema);
  if (claims.iss !== issuer) throw invalid("another issuer made it");
  if (![claims.aud].flat().includes(clientId)) throw invalid("it is for another client");
  if (Math.abs(nowMs - claims.iat * 1000) > AGE_MAX_MS) throw invalid("it is too old");
  if (claims.exp !== undefined && claims.exp * 1000 <= nowMs) throw invalid("it has expired");
  const end = token.lastIndexOf(".");
  const holds = verify(
    "RSA-SHA256",
    Buffer.from(token.slice(0, end)),
    await keys.keyOf(kid),
    Buffer.from(token.slice(end + 1), "base64url"),
  );
  if (!holds) throw invalid("its signature does not hold");
  return claims.sid;
}
