import { NotAllowed } from "@nebula/protocol";

/** One sign-in under way: what goes to the issuer and what must come back (RFC 7636, S256). */
export interface SignInRequest {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function chance(size: number): string {
  return base64url(crypto.getRandomValues(new Uint8Array(size)));
}

/** Builds the address of the issuer's sign-in page, with PKCE, state and nonce. */
export async function signInRequest(campus: {
  issuer: string;
  clientId: string;
  redirectUri: string;
}): Promise<SignInRequest> {
  const verifier = chance(32);
  const state = chance(16);
  const nonce = chance(16);
  const challenge = base64url(
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
  );
  const query = new URLSearchParams({
    response_type: "code",
    client_id: campus.clientId,
    redirect_uri: campus.redirectUri,
    scope: "openid profile email",
    code_challenge: challenge,
    code_challenge_method: "S256",
    state,
    nonce,
  });
  return {
    url: `${campus.issuer}/protocol/openid-connect/auth?${query.toString()}`,
    state,
    nonce,
    verifier,
    redirectUri: campus.redirectUri,
  };
}

/** Tokens as the issuer gave them. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  /** Milliseconds that the access token lives from the moment it came. */
  readonly expiresInMs: number;
}

export interface TokenEndpoint {
  readonly issuer: string;
  readonly clientId: string;
  readonly fetch?: typeof fetch;
}

/** Posts a grant to the issuer's token endpoint. Throws `NotAllowed` when it is refused; a network fault is thrown as it came. */
export async function requestTokens(
  endpoint: TokenEndpoint,
  grant: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const response = await (endpoint.fetch ?? fetch)(`${endpoint.issuer}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ client_id: endpoint.clientId, ...grant }),
    credentials: "omit",
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>; // fields are checked one by one below
  if (!response.ok || typeof answer["access_token"] !== "string") {
    const reason = [answer["error_description"], answer["error"]].find((text) => typeof text === "string");
    throw new NotAllowed(
      "TOKEN_INVALID",
      `The sign-in service refused: ${reason ?? String(response.status)}`,
    );
  }
  return {
    accessToken: answer["access_token"],
    refreshToken: typeof answer["refresh_token"] === "string" ? answer["refresh_token"] : null,
    expiresInMs: (typeof answer["expires_in"] === "number" ? answer["expires_in"] : 60) * 1_000,
  };
}

/** Exchanges the code that came back for tokens. */
export function exchangeCode(endpoint: TokenEndpoint, request: SignInRequest, code: string): Promise<Tokens> {
  return requestTokens(endpoint, {
    grant_type: "authorization_code",
    code,
    redirect_uri: request.redirectUri,
    code_verifier: request.verifier,
  });
}
