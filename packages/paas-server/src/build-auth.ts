import { createAuthenticator } from "./adapters/auth/authenticator.ts";
import { readLogoutToken } from "./adapters/auth/logout-token.ts";
import type { AppContext } from "./app/context.ts";
import type { Authenticator } from "./app/ports.ts";
import { isSessionRevoked, revokeSession } from "./app/revoke-session.ts";

export interface BuiltAuth {
  readonly authenticator: Authenticator;
  /** Ends the session that a logout token names. */
  readonly endSession: (logoutToken: string) => Promise<void>;
  /** Rejects where the issuer does not give its keys. */
  readonly checkIssuer: () => Promise<void>;
}

/** Sign-in: access tokens, ended sessions, and whether the issuer is there. */
export function buildAuth(ctx: AppContext): BuiltAuth {
  const { url: issuer, audience, authorizedParties, clientId } = ctx.config.issuer;
  const authenticator = createAuthenticator({
    rules: { issuer, audience, authorizedParties },
    clock: ctx.clock,
    log: ctx.log,
    isRevoked: (sessionId) => isSessionRevoked(ctx.db, sessionId),
  });
  const { keys } = authenticator;
  return {
    authenticator,
    async endSession(logoutToken) {
      const nowMs = ctx.clock.now();
      await revokeSession(
        ctx.db,
        await readLogoutToken(logoutToken, { issuer, clientId, keys, nowMs }),
        nowMs,
      );
    },
    checkIssuer: () => keys.check(),
  };
}
