import type { Configuration, KoaContextWithOIDC } from "oidc-provider";
import type { DemoAccount } from "./accounts.ts";
import { accessTokenClaims, providerAccount } from "./claims.ts";
import { SERVER_CLIENT, realmClients } from "./clients.ts";
import type { LabClientAddresses } from "./clients.ts";
import { deviceAndLogoutPages, errorPage } from "./library-pages.ts";
import type { IssuerKeys } from "./keys.ts";
import type { IssuerStore } from "./store.ts";

/** What the provider is configured from. */
export interface RealmOptions {
  readonly accounts: readonly DemoAccount[];
  readonly lab: LabClientAddresses;
  /** Origins of pages that may exchange codes and refresh tokens. */
  readonly webOrigins: readonly string[];
  readonly keys: IssuerKeys;
  readonly store: IssuerStore;
  /** Path of the sign-in page for one interaction. */
  readonly signInPath: (uid: string) => string;
}

const SCOPES = ["openid", "offline_access", "profile", "email", "roles"] as const;
/** Names the server towards the provider; the tokens' audience is the client's plain name. */
const RESOURCE = "urn:nebula:server";
/** Lifetimes in seconds. */
const LIFETIMES = {
  AccessToken: 300,
  AuthorizationCode: 60,
  DeviceCode: 600,
  Grant: 43_200,
  IdToken: 300,
  Interaction: 600,
  RefreshToken: 7_200,
  Session: 43_200,
} as const;

/** The provider's configuration: a realm laid out under Keycloak's paths, with Keycloak's token shape. */
export function realmConfiguration(options: RealmOptions): Configuration {
  const byId = new Map(options.accounts.map((account) => [account.id, account]));
  const find = (id: string | undefined): DemoAccount | undefined =>
    id === undefined ? undefined : byId.get(id);
  return {
    ...PROTOCOL,
    adapter: (model) => options.store.adapter(model),
    clients: realmClients(options.lab),
    jwks: { keys: [options.keys.signing] },
    cookies: { keys: [options.keys.cookies], names: COOKIES },
    clientBasedCORS: (_ctx, origin) => options.webOrigins.includes(origin),
    interactions: { url: (_ctx, interaction) => options.signInPath(interaction.uid) },
    loadExistingGrant: grantEverythingAsked,
    renderError: errorPage,
    findAccount: (_ctx, id) => {
      const account = find(id);
      return account && providerAccount(account);
    },
    extraTokenClaims: (ctx, token) =>
      accessTokenClaims(ctx, token, "accountId" in token ? find(token.accountId) : undefined),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      // A public client proves itself by holding the token.
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      backchannelLogout: { enabled: true },
      ...deviceAndLogoutPages(),
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: SCOPES.join(" "),
          audience: SERVER_CLIENT,
          accessTokenFormat: "jwt",
          accessTokenTTL: LIFETIMES.AccessToken,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  };
}

const COOKIES = {
  session: "nebula_sign_in",
  interaction: "nebula_sign_in_step",
  resume: "nebula_sign_in_resume",
};

const PROTOCOL = {
  scopes: [...SCOPES],
  claims: {
    profile: ["preferred_username", "name", "given_name", "family_name"],
    email: ["email", "email_verified"],
  },
  conformIdTokenClaims: false,
  responseTypes: ["code"],
  clientAuthMethods: ["none"],
  pkce: { required: () => true },
  ttl: LIFETIMES,
  rotateRefreshToken: true,
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
  expiresWithSession: (_ctx, token) => !token.scopes.has("offline_access"),
  formats: {
    customizers: {
      jwt: (_ctx, _token, jwt) => {
        jwt.header = { ...jwt.header, typ: "JWT" };
      },
    },
  },
  // The library's own guard against requests to loopback sits in the dispatcher; here everything is on loopback.
  fetch: (url, init) => {
    const { dispatcher: _dispatcher, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
    return fetch(url, { ...rest, signal: AbortSignal.timeout(2_500) });
  },
  routes: {
    authorization: "/protocol/openid-connect/auth",
    token: "/protocol/openid-connect/token",
    jwks: "/protocol/openid-connect/certs",
    userinfo: "/protocol/openid-connect/userinfo",
    end_session: "/protocol/openid-connect/logout",
    introspection: "/protocol/openid-connect/token/introspect",
    revocation: "/protocol/openid-connect/revoke",
    device_authorization: "/protocol/openid-connect/auth/device",
    code_verification: "/device",
  },
} satisfies Configuration;

// A campus does not ask whether its own notebook may see its own member's name.
async function grantEverythingAsked(
  ctx: KoaContextWithOIDC,
): Promise<InstanceType<KoaContextWithOIDC["oidc"]["provider"]["Grant"]> | undefined> {
  const { oidc } = ctx;
  const accountId = oidc.session?.accountId;
  const clientId = oidc.client?.clientId;
  if (accountId === undefined || clientId === undefined) return undefined;
  const existing = oidc.session?.grantIdFor(clientId);
  const found = existing === undefined ? undefined : await oidc.provider.Grant.find(existing);
  const grant = found ?? new oidc.provider.Grant({ accountId, clientId });
  const scope = [...oidc.requestParamScopes].join(" ");
  grant.addOIDCScope(scope);
  grant.addResourceScope(RESOURCE, scope);
  await grant.save();
  return grant;
}
