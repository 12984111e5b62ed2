import KeycloakConnect from "keycloak-connect";
import type { KeyCache } from "./key-cache.ts";

/** A token that keycloak-connect has accepted, as far as it is used here. */
export interface GrantedToken {
  hasApplicationRole(clientId: string, role: string): boolean;
  hasRealmRole(role: string): boolean;
}

interface GrantManager {
  createGrant(data: { readonly access_token: string }): Promise<{ readonly access_token: GrantedToken }>;
  rotation: { getJWK(kid: string): Promise<string> };
}

/** Verifies signature, issuer, audience, type and expiry by keycloak-connect; rejects with its reason. */
export type KeycloakCore = (token: string) => Promise<GrantedToken>;

function splitIssuer(issuer: string): { authServerUrl: string; realm: string } {
  const match = /^(.*)\/realms\/([^/]+)$/.exec(issuer);
  if (!match) throw new Error(`The issuer must end in /realms/<name>, got ${issuer}`);
  return { authServerUrl: match[1] ?? "", realm: match[2] ?? "" };
}

/**
 * keycloak-connect, reduced to its grant manager. Its own key rotation is replaced: it ends the process on an HTML answer, has no
 * timeout and no expiry, and takes keys of any use and size. Its middleware and `getGrant` are not used.
 */
export function createKeycloakCore(options: {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: KeyCache;
}): KeycloakCore {
  const { authServerUrl, realm } = splitIssuer(options.issuer);
  const settings = {
    "auth-server-url": authServerUrl,
    realm,
    resource: options.audience,
    "ssl-required": "external",
    "confidential-port": 0,
    "bearer-only": true,
    "verify-token-audience": true,
  };
  const keycloak = new KeycloakConnect({}, settings);
  // why: the published types leave out `rotation` and the plain object that createGrant takes
  const manager = keycloak.grantManager as unknown as GrantManager;
  manager.rotation.getJWK = async (kid) => {
    const pem = options.keys.pemOf(kid);
    if (pem === null) throw new Error("the key is gone");
    return pem;
  };
  return async (token) => (await manager.createGrant({ access_token: token })).access_token;
}
