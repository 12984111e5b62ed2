import type {
  AccessToken,
  Account,
  ClientCredentials,
  KoaContextWithOIDC,
  UnknownObject,
} from "oidc-provider";
import type { DemoAccount } from "./accounts.ts";
import { SERVER_CLIENT } from "./clients.ts";

/** What the realm says of a person in an identity token. */
export function personClaims(account: DemoAccount): { sub: string; [claim: string]: string | boolean } {
  return {
    sub: account.id,
    preferred_username: account.username,
    name: `${account.givenName} ${account.familyName}`,
    given_name: account.givenName,
    family_name: account.familyName,
    email: account.email,
    email_verified: true,
  };
}

/** The provider's view of an account. */
export function providerAccount(account: DemoAccount): Account {
  return { accountId: account.id, claims: () => personClaims(account) };
}

/** What Keycloak puts into an access token beside the registered claims. */
export async function accessTokenClaims(
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  account: DemoAccount | undefined,
): Promise<UnknownObject | undefined> {
  if (account === undefined || !("sessionUid" in token)) return undefined;
  const roles = {
    realm_access: { roles: account.realmRoles },
    resource_access: { [SERVER_CLIENT]: { roles: account.serverRoles } },
  };
  const { sub: _sub, ...person } = personClaims(account);
  return { typ: "Bearer", azp: token.clientId, sid: await sessionId(ctx, token), ...roles, ...person };
}

async function sessionId(ctx: KoaContextWithOIDC, token: AccessToken): Promise<string | undefined> {
  const { sessionUid, clientId } = token;
  if (sessionUid === undefined || clientId === undefined) return undefined;
  const session = await ctx.oidc.provider.Session.findByUid(sessionUid);
  return session?.sidFor(clientId) ?? sessionUid;
}
