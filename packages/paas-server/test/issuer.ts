import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { type JWK, type JWTPayload, SignJWT } from "jose";

export interface SigningKeyPair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: JWK;
}

/** Claims of an access token, as Keycloak writes them. */
export interface TokenClaims extends JWTPayload {
  readonly preferred_username?: string;
}

/** An issuer laid out under Keycloak's paths, whose answers a test may replace. */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  readonly key: SigningKeyPair;
  /** Requests for the keys so far. */
  readonly fetches: () => number;
  /** Keys that are published. */
  publish(keys: readonly JWK[]): void;
  /** Answers requests for the keys in place of the issuer; null: as usual. */
  answerBy(listener: RequestListener | null): void;
  /** An access token of a person; `overrides` of `undefined` leave a claim out. */
  token(person: Person, overrides?: Record<string, unknown>, key?: SigningKeyPair): Promise<string>;
  /** A token of any claims under any header. */
  sign(
    claims: Record<string, unknown>,
    header?: Record<string, unknown>,
    key?: SigningKeyPair,
  ): Promise<string>;
}

export interface Person {
  readonly username: string;
  readonly permissions?: readonly string[];
}

export const STUDENT: Person = { username: "ada", permissions: ["job.submit"] };
export const OTHER_STUDENT: Person = { username: "tao", permissions: ["job.submit"] };
export const PROFESSOR: Person = {
  username: "prof",
  permissions: ["job.submit", "allocation.request", "allocation.approve"],
};
export const OPERATOR: Person = {
  username: "ops",
  permissions: ["rig.enrol", "rig.admin", "ledger.audit", "job.cancel.any"],
};

export function aKeyPair(
  options: { alg?: string; use?: string; modulusLength?: number } = {},
): SigningKeyPair {
  const { alg = "RS256", use = "sig", modulusLength = 2_048 } = options;
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
  const kid = randomBytes(8).toString("hex");
  return { kid, privateKey, jwk: { ...(publicKey.export({ format: "jwk" }) as JWK), kid, alg, use } };
}

const seconds = (ms: number) => Math.floor(ms / 1000);

function claimsOf(
  issuer: string,
  { username, permissions = [] }: Person,
  nowMs: number,
): Record<string, unknown> {
  return {
    typ: "Bearer",
    iss: issuer,
    sub: `sub-${username}`,
    aud: ["nebula-server", "account"],
    azp: "nebula-lab",
    sid: `sid-${username}`,
    jti: randomBytes(8).toString("hex"),
    iat: seconds(nowMs),
    exp: seconds(nowMs) + 300,
    preferred_username: username,
    name: username.toUpperCase(),
    realm_access: { roles: ["student"] },
    resource_access: { "nebula-server": { roles: [...permissions] } },
  };
}

/** Starts an issuer that signs with `key`. */
export async function startIssuer(key = aKeyPair()): Promise<TestIssuer> {
  let published: readonly JWK[] = [key.jwk];
  let override: RequestListener | null = null;
  let fetches = 0;
  const server = createServer((request, response) => {
    fetches += 1;
    if (override !== null) override(request, response);
    else response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${String(port)}/realms/nebula`;
  const sign: TestIssuer["sign"] = (claims, header = {}, by = key) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: by.kid, typ: "JWT", ...header })
      .sign(by.privateKey);
  return {
    url,
    key,
    fetches: () => fetches,
    publish: (keys) => (published = keys),
    answerBy: (listener) => (override = listener),
    sign,
    token: (person, overrides = {}, by = key) =>
      sign(
        Object.fromEntries(
          Object.entries({ ...claimsOf(url, person, Date.now()), ...overrides }).filter(
            ([, value]) => value !== undefined,
          ),
        ),
        {},
        by,
      ),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
