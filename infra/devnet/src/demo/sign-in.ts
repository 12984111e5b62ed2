import { createHash, randomBytes } from "node:crypto";
import { NotAllowed, Unavailable } from "@nebula/protocol";
import { cookieJar } from "./cookie-jar.ts";
import type { CookieJar } from "./cookie-jar.ts";
import { formWithPassword } from "./login-form.ts";

/** Who signs in where. */
export interface SignInRequest {
  /** Base of the realm, such as `http://127.0.0.1:8701/realms/nebula`. */
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly username: string;
  readonly password: string;
  /** Default `openid profile email`. */
  readonly scope?: string;
}

/** What the token endpoint gave. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  /** Lifetime of the access token, seconds. */
  readonly expiresInS: number;
}

/** Most steps on the way from the client to the client. */
const MAX_STEPS = 12;

/**
 * Signs a person in as a browser would: authorization code with PKCE through the issuer's own sign-in page.
 * Works with the demo issuer and with Keycloak. Throws `NotAllowed` when the issuer refuses, `Unavailable` when it is away.
 */
export async function signInAs(request: SignInRequest): Promise<Tokens> {
  const endpoints = await discover(request.issuer);
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const start = new URL(endpoints.authorization);
  start.search = new URLSearchParams({
    response_type: "code",
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scope ?? "openid profile email",
    state,
    nonce: randomBytes(16).toString("base64url"),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  const answer = await walkToClient(start, request);
  const code = answer.searchParams.get("code");
  if (code === null || answer.searchParams.get("state") !== state)
    throw refused(answer.searchParams.get("error_description"));
  return await redeem(endpoints.token, {
    grant_type: "authorization_code",
    code,
    redirect_uri: request.redirectUri,
    client_id: request.clientId,
    code_verifier: verifier,
  });
}

/** Trades a refresh token for new tokens; the old refresh token is used up. */
export async function refreshTokens(issuer: string, clientId: string, refreshToken: string): Promise<Tokens> {
  const { token } = await discover(issuer);
  return await redeem(token, {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: clientId,
  });
}

async function discover(issuer: string): Promise<{ authorization: string; token: string }> {
  const response = await ask(`${issuer}/.well-known/openid-configuration`);
  if (!response.ok)
    throw new Unavailable(
      "ISSUER_AWAY",
      `expected the issuer's discovery at ${issuer}, got status ${response.status}`,
    );
  const found = (await response.json()) as { authorization_endpoint: string; token_endpoint: string }; // OpenID Connect Discovery
  return { authorization: found.authorization_endpoint, token: found.token_endpoint };
}

async function walkToClient(start: URL, request: SignInRequest): Promise<URL> {
  const jar = cookieJar();
  let here = start;
  let response = await visit(here, jar);
  let submitted = false;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const location = response.headers.get("location");
    if (location !== null) {
      here = new URL(location, here);
      if (here.href.startsWith(request.redirectUri)) return here;
      response = await visit(here, jar);
      continue;
    }
    const form = formWithPassword(await response.text());
    if (form === undefined || submitted)
      throw refused(
        submitted ? "username or password is wrong" : `no sign-in form, status ${response.status}`,
      );
    submitted = true;
    form.fields.set("username", request.username);
    form.fields.set("password", request.password);
    here = new URL(form.action, here);
    response = await visit(here, jar, form.fields);
  }
  throw refused("the sign-in went in circles");
}

async function visit(url: URL, jar: CookieJar, form?: URLSearchParams): Promise<Response> {
  const method = form === undefined ? {} : { method: "POST", body: form };
  const response = await ask(url, { ...method, redirect: "manual", headers: { cookie: jar.header(url) } });
  jar.keep(url, response.headers.getSetCookie());
  return response;
}

async function redeem(endpoint: string, form: Readonly<Record<string, string>>): Promise<Tokens> {
  const response = await ask(endpoint, { method: "POST", body: new URLSearchParams(form) });
  const body = (await response.json()) as Record<string, unknown>; // OAuth 2.0: both answers are objects
  if (!response.ok) throw refused(String(body["error_description"] ?? body["error"]));
  const text = (name: string): string | undefined =>
    typeof body[name] === "string" ? body[name] : undefined;
  const accessToken = text("access_token");
  if (accessToken === undefined) throw refused("the answer holds no access token");
  return {
    accessToken,
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    expiresInS: Number(body["expires_in"]),
  };
}

async function ask(url: string | URL, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(15_000), ...init });
  } catch (cause) {
    throw new Unavailable("ISSUER_AWAY", `the issuer at ${new URL(url).origin} does not answer`, { cause });
  }
}

function refused(why: string | null): NotAllowed {
  return new NotAllowed("TOKEN_INVALID", `the issuer refused the sign-in: ${why ?? "no reason given"}`);
}
