import type { RequestListener } from "node:http";
import { createHmac, createSign, randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthenticator } from "../../src/adapters/auth/authenticator.ts";
import { readLogoutToken } from "../../src/adapters/auth/logout-token.ts";
import type { Clock } from "../../src/app/ports.ts";
import { aKeyPair, startIssuer, STUDENT, type SigningKeyPair, type TestIssuer } from "../issuer.ts";
import { silentLogger } from "../silent-logger.ts";

let issuer: TestIssuer;
const own = aKeyPair();
const foreign = aKeyPair();
let aheadMs = 0;
const clock: Clock = { now: () => Date.now() + aheadMs };
const revoked = new Set<string>();

beforeEach(async () => {
  issuer = await startIssuer(own);
});
afterEach(async () => {
  aheadMs = 0;
  revoked.clear();
  await issuer[Symbol.asyncDispose]();
});

function anAuthenticator() {
  const rules = {
    issuer: issuer.url,
    audience: "nebula-server",
    authorizedParties: ["nebula-lab", "nebula-cli"],
  };
  return createAuthenticator({
    rules,
    clock,
    log: silentLogger,
    isRevoked: async (sid) => revoked.has(sid),
    times: { answerMs: 300, gapMs: 20 },
  });
}

const nowS = () => Math.floor(Date.now() / 1000);
const INVALID = { code: "TOKEN_INVALID" };
const AWAY = { code: "ISSUER_AWAY" };

test("a good token names the person with roles and permissions", async () => {
  const principal = await anAuthenticator().verify(await issuer.token(STUDENT));

  expect(principal).toMatchObject({
    subject: "sub-ada",
    username: "ada",
    roles: ["student"],
    permissions: ["job.submit"],
    sessionId: "sid-ada",
  });
});

test("roles of another client are not permissions here", async () => {
  const token = await issuer.token(STUDENT, { resource_access: { other: { roles: ["rig.admin"] } } });

  expect((await anAuthenticator().verify(token)).permissions).toEqual([]);
});

test.each([
  ["no exp", { exp: undefined }, INVALID],
  ["an exp that is text", { exp: "tomorrow" }, INVALID],
  ["an exp in the past", { exp: 1_000 }, { code: "TOKEN_EXPIRED" }],
  ["no iat", { iat: undefined }, INVALID],
  ["an iat in the future", { iat: nowS() + 3_600 }, INVALID],
  ["an nbf in the future", { nbf: nowS() + 3_600 }, INVALID],
  ["no sub", { sub: undefined }, INVALID],
  ["an empty sub", { sub: "" }, INVALID],
  ["an unknown azp", { azp: "evil-app" }, INVALID],
  ["no azp", { azp: undefined }, INVALID],
  ["another audience", { aud: "account" }, INVALID],
  ["no audience", { aud: undefined }, INVALID],
  ["another issuer", { iss: "http://evil.example/realms/nebula" }, INVALID],
  ["an issuer with a slash more", { iss: "ISSUER/" }, INVALID],
  ["an ID token", { typ: "ID" }, INVALID],
  ["a refresh token", { typ: "Refresh" }, INVALID],
  ["a token bound to a key", { cnf: { jkt: "x" } }, INVALID],
])("a token with %s is refused", async (_what, claims, expected) => {
  const overrides = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, value === "ISSUER/" ? `${issuer.url}/` : value]),
  );

  await expect(anAuthenticator().verify(await issuer.token(STUDENT, overrides))).rejects.toMatchObject(
    expected,
  );
});

const b64 = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

async function tampered(
  change: (parts: { header: string; payload: string; signature: string }) => string,
): Promise<string> {
  const [header = "", payload = "", signature = ""] = (await issuer.token(STUDENT)).split(".");
  return change({ header, payload, signature });
}

const claimsOf = (payload: string) =>
  JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;

test.each([
  [
    "another payload under the signature",
    ({ header, payload, signature }) =>
      `${header}.${b64({ ...claimsOf(payload), sub: "sub-prof" })}.${signature}`,
  ],
  ["a fourth segment", ({ header, payload, signature }) => `${header}.${payload}.${signature}.junk`],
  ["no signature", ({ header, payload }) => `${header}.${payload}.`],
  ["two segments", ({ header, payload }) => `${header}.${payload}`],
  ["a signature with padding", ({ header, payload, signature }) => `${header}.${payload}.${signature}==`],
  [
    "a signature written in another way",
    ({ header, payload, signature }) =>
      `${header}.${payload}.${signature.slice(0, 10)}*${signature.slice(10)}`,
  ],
  ["a header without kid", ({ payload, signature }) => `${b64({ alg: "RS256" })}.${payload}.${signature}`],
  ["alg none", ({ payload }) => `${b64({ alg: "none", kid: issuer.key.kid })}.${payload}.`],
  [
    "alg none in the signer's own header",
    ({ payload, signature }) => `${b64({ alg: "None", kid: issuer.key.kid })}.${payload}.${signature}`,
  ],
  ["text that is no JSON", () => `${b64("{")}.${b64("{")}.${b64("x")}`],
  ["more than 16 KiB", ({ header, signature }) => `${header}.${"A".repeat(20_000)}.${signature}`],
] satisfies [string, (parts: { header: string; payload: string; signature: string }) => string][])(
  "a token with %s is refused",
  async (_what, change) => {
    await expect(anAuthenticator().verify(await tampered(change))).rejects.toMatchObject(INVALID);
  },
);

test("a properly signed token whose header says another algorithm is refused", async () => {
  const [, payload = ""] = (await issuer.token(STUDENT)).split(".");
  for (const alg of ["none", "PS256", "RS512", "ES256"]) {
    const signing = `${b64({ alg, kid: issuer.key.kid })}.${payload}`;
    const signature = createSign("RSA-SHA256")
      .update(signing)
      .sign(issuer.key.privateKey)
      .toString("base64url");
    await expect(anAuthenticator().verify(`${signing}.${signature}`)).rejects.toMatchObject(INVALID);
  }
});

test("HS256 with the public key as its secret is refused", async () => {
  const [, payload = ""] = (await issuer.token(STUDENT)).split(".");
  const signing = `${b64({ alg: "HS256", kid: issuer.key.kid })}.${payload}`;
  const signature = createHmac("sha256", JSON.stringify(issuer.key.jwk)).update(signing).digest("base64url");

  await expect(anAuthenticator().verify(`${signing}.${signature}`)).rejects.toMatchObject(INVALID);
});

test("a critical header that nobody knows is refused", async () => {
  const [, payload = ""] = (await issuer.token(STUDENT)).split(".");
  const token = await tampered(
    ({ signature }) => `${b64({ alg: "RS256", kid: issuer.key.kid, crit: ["exp"] })}.${payload}.${signature}`,
  );

  await expect(anAuthenticator().verify(token)).rejects.toMatchObject(INVALID);
});

test("a key of somebody else under a known kid is refused", async () => {
  const token = await issuer.token(STUDENT, {}, { ...foreign, kid: issuer.key.kid });

  await expect(anAuthenticator().verify(token)).rejects.toMatchObject(INVALID);
});

test.each([
  ["for encryption", { use: "enc" }],
  ["for another algorithm", { alg: "RS512" }],
  ["of 1024 bits", { modulusLength: 1_024 }],
])("a published key %s verifies nothing", async (_what, options) => {
  const key = aKeyPair(options);
  issuer.publish([issuer.key.jwk, key.jwk]);

  await expect(anAuthenticator().verify(await signedBy(key))).rejects.toMatchObject(INVALID);
});

/** Signed without asking the library whether the key is long enough. */
async function signedBy(key: SigningKeyPair): Promise<string> {
  const [, payload = ""] = (await issuer.token(STUDENT)).split(".");
  const signing = `${b64({ alg: "RS256", kid: key.kid })}.${payload}`;
  return `${signing}.${createSign("RSA-SHA256").update(signing).sign(key.privateKey).toString("base64url")}`;
}

test.each([
  ["HTML", (_request, response) => response.setHeader("content-type", "text/html").end("<html>down</html>")],
  ["an empty object", (_request, response) => response.end("{}")],
  ["keys that are no list", (_request, response) => response.end('{"keys":{}}')],
  ["a redirect", (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
  ["an error", (_request, response) => response.writeHead(500).end()],
  ["half an answer", (request) => request.socket.destroy()],
] satisfies [string, RequestListener][])(
  "an issuer that answers %s is away, and its next good answer is taken",
  async (_what, listener) => {
    const authenticator = anAuthenticator();
    issuer.answerBy(listener);
    await expect(authenticator.verify(await issuer.token(STUDENT))).rejects.toMatchObject(AWAY);
    issuer.answerBy(null);

    expect((await authenticator.verify(await issuer.token(STUDENT))).username).toBe("ada");
  },
);

test("an issuer that never answers is away when its time is up", async () => {
  issuer.answerBy(() => undefined);

  await expect(anAuthenticator().verify(await issuer.token(STUDENT))).rejects.toMatchObject(AWAY);
});

test("50 tokens of made-up keys and one good token are one question to the issuer", async () => {
  const authenticator = anAuthenticator();
  const bogus = await Promise.all(
    Array.from({ length: 50 }, () =>
      issuer.token(STUDENT, {}, { ...foreign, kid: randomBytes(8).toString("hex") }),
    ),
  );
  const good = await issuer.token(STUDENT);

  const results = await Promise.allSettled([...bogus, good].map((token) => authenticator.verify(token)));

  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  expect(issuer.fetches()).toBe(1);
});

test("a key that appears at the issuer works at once", async () => {
  const authenticator = anAuthenticator();
  await authenticator.verify(await issuer.token(STUDENT));
  issuer.publish([issuer.key.jwk, foreign.jwk]);

  expect((await authenticator.verify(await issuer.token(STUDENT, {}, foreign))).username).toBe("ada");
});

test("a key that the issuer has removed stops working within ten minutes", async () => {
  const authenticator = anAuthenticator();
  await authenticator.verify(await issuer.token(STUDENT));
  issuer.publish([foreign.jwk]);
  const token = await issuer.token(STUDENT, { exp: nowS() + 3_600 });
  expect((await authenticator.verify(token)).username).toBe("ada");

  aheadMs = 10 * 60_000;

  await expect(authenticator.verify(token)).rejects.toMatchObject(INVALID);
});

test("known keys serve for an hour while the issuer is away, and no longer", async () => {
  const authenticator = anAuthenticator();
  await authenticator.verify(await issuer.token(STUDENT));
  issuer.answerBy((request) => void request.socket.destroy());
  const token = await issuer.token(STUDENT, { exp: nowS() + 7_200 });

  aheadMs = 30 * 60_000;
  expect((await authenticator.verify(token)).username).toBe("ada");
  aheadMs = 61 * 60_000;
  await expect(authenticator.verify(token)).rejects.toMatchObject(AWAY);
});

test("a token of an ended session is refused though it has not expired", async () => {
  const authenticator = anAuthenticator();
  const token = await issuer.token(STUDENT);
  await authenticator.verify(token);

  revoked.add("sid-ada");

  await expect(authenticator.verify(token)).rejects.toMatchObject(INVALID);
});

const EVENTS = { "http://schemas.openid.net/event/backchannel-logout": {} };

function aLogoutToken(overrides: Record<string, unknown> = {}): Promise<string> {
  const claims: Record<string, unknown> = {
    typ: "Logout",
    iss: issuer.url,
    aud: "nebula-lab",
    iat: nowS(),
    exp: nowS() + 60,
    jti: "j1",
    sid: "sid-ada",
    sub: "sub-ada",
    events: EVENTS,
    ...overrides,
  };
  return issuer.sign(Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined)));
}

test("a logout token names the session that it ends", async () => {
  const { keys } = anAuthenticator();

  expect(
    await readLogoutToken(await aLogoutToken(), {
      issuer: issuer.url,
      clientId: "nebula-lab",
      keys,
      nowMs: Date.now(),
    }),
  ).toBe("sid-ada");
});

test.each([
  ["for another client", { aud: "other" }],
  ["of another issuer", { iss: "http://evil.example" }],
  ["without its event", { events: {} }],
  ["without a session", { sid: undefined }],
  ["with a nonce, as an ID token has one", { nonce: "n" }],
  ["that is an access token", { typ: "Bearer" }],
  ["from long ago", { iat: nowS() - 3_600 }],
])("a logout token %s ends nothing", async (_what, overrides) => {
  const { keys } = anAuthenticator();
  const reading = readLogoutToken(await aLogoutToken(overrides), {
    issuer: issuer.url,
    clientId: "nebula-lab",
    keys,
    nowMs: Date.now(),
  });

  await expect(reading).rejects.toMatchObject(INVALID);
});
