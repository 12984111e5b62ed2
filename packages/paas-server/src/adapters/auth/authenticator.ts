import { NotAllowed } from "@nebula/protocol";
import type { Authenticator, Clock, Logger, Principal } from "../../app/ports.ts";
import { createKeyCache, type KeyCacheOptions } from "./key-cache.ts";
import { createKeycloakCore, type GrantedToken } from "./keycloak-core.ts";
import { type AccessClaims, readAccessToken, type TokenRules } from "./token-shape.ts";

export interface AuthenticatorOptions {
  readonly rules: TokenRules;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether a sign-in session was ended; asked for each token. */
  readonly isRevoked: (sessionId: string) => Promise<boolean>;
  readonly times?: NonNullable<KeyCacheOptions["times"]>;
}

function principalOf(claims: AccessClaims, token: GrantedToken, audience: string): Principal {
  const permissions = (claims.resource_access?.[audience]?.roles ?? []).filter((role) =>
    token.hasApplicationRole(audience, role),
  );
  const roles = (claims.realm_access?.roles ?? []).filter((role) => token.hasRealmRole(role));
  return {
    subject: claims.sub,
    username: claims.preferred_username,
    name: claims.name ?? claims.preferred_username,
    roles,
    permissions,
    sessionId: claims.sid ?? null,
    expiresAtMs: claims.exp * 1000,
  };
}

/** Address at which an issuer laid out as Keycloak publishes its keys. */
export function certsUrlOf(issuer: string): string {
  return `${issuer}/protocol/openid-connect/certs`;
}

/**
 * Verifies access tokens by keycloak-connect, inside checks of all that it leaves open: shape, algorithm, times, client, key choice
 * and ended sessions. Says TOKEN_* where the token is at fault and ISSUER_AWAY where the issuer cannot be asked.
 */
export function createAuthenticator(
  options: AuthenticatorOptions,
): Authenticator & { readonly keys: ReturnType<typeof createKeyCache> } {
  const { rules, clock, log } = options;
  const keys = createKeyCache({
    certsUrl: certsUrlOf(rules.issuer),
    clock,
    log,
    ...(options.times ? { times: options.times } : {}),
  });
  const verifyByKeycloak = createKeycloakCore({ issuer: rules.issuer, audience: rules.audience, keys });
  return {
    keys,
    async verify(token) {
      const { kid, claims } = readAccessToken(token, rules, clock.now());
      await keys.keyOf(kid);
      const granted = await verifyByKeycloak(token).catch((cause: unknown) => {
        throw new NotAllowed(
          "TOKEN_INVALID",
          "The access token cannot be used: its signature does not hold",
          { cause },
        );
      });
      if (claims.sid !== undefined && (await options.isRevoked(claims.sid)))
        throw new NotAllowed("TOKEN_INVALID", "The access token belongs to a session that was ended");
      return principalOf(claims, granted, rules.audience);
    },
  };
}
