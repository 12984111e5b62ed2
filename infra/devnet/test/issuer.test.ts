import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refreshTokens, signInAs } from "../src/demo/sign-in.ts";
import { DEMO_ACCOUNTS, startIssuer } from "../src/parts/issuer/index.ts";
import type { IssuerHandle } from "../src/parts/issuer/index.ts";
import { CALLBACK, PAGE, ada, anIssuer, postForm, verified } from "./support/issuer.ts";
import { temporaryFolder } from "./support/folder.ts";

describe("the demo issuer", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let issuer: IssuerHandle;

  beforeAll(async () => {
    folder = await temporaryFolder();
    issuer = await anIssuer(folder.path);
  });
  afterAll(async () => {
    await issuer[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test("lies under Keycloak's paths", async () => {
    const found: unknown = await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json();

    const route = (name: string): string => `${issuer.url}/protocol/openid-connect/${name}`;
    expect(found).toMatchObject({
      issuer: issuer.url,
      authorization_endpoint: route("auth"),
      token_endpoint: route("token"),
      jwks_uri: route("certs"),
      end_session_endpoint: route("logout"),
      revocation_endpoint: route("revoke"),
      device_authorization_endpoint: route("auth/device"),
      code_challenge_methods_supported: ["S256"],
    });
  });

  test("gives access tokens of Keycloak's shape, good for five minutes", async () => {
    const { accessToken, expiresInS } = await signInAs(ada(issuer.url));

    const { header, claims } = await verified(issuer.url, accessToken);

    expect(header).toMatchObject({ alg: "RS256", typ: "JWT" });
    expect(claims).toMatchObject({
      iss: issuer.url,
      aud: "nebula-server",
      azp: "nebula-lab",
      typ: "Bearer",
      sub: "00000000-0000-4000-8000-000000000001",
      preferred_username: "ada",
      name: "Ada Byron",
      email: "ada@campus.example",
      realm_access: { roles: ["student"] },
      resource_access: { "nebula-server": { roles: ["job.submit"] } },
    });
    expect(claims["sid"]).toEqual(expect.any(String));
    expect(Number(claims["exp"]) - Number(claims["iat"])).toBe(300);
    expect(expiresInS).toBe(300);
  });

  test.each(DEMO_ACCOUNTS.map((account) => [account.username, account] as const))(
    "signs %s in",
    async (_name, account) => {
      const tokens = await signInAs({
        ...ada(issuer.url),
        username: account.username,
        password: account.password,
      });

      const { claims } = await verified(issuer.url, tokens.accessToken);

      expect(claims).toMatchObject({ sub: account.id, realm_access: { roles: account.realmRoles } });
    },
  );

  test.each([
    ["ada", "wrong"],
    ["nobody", "nobody"],
    ["ada", ""],
  ])("refuses %s with the password %j", async (username, password) => {
    await expect(signInAs({ ...ada(issuer.url), username, password })).rejects.toThrow("password is wrong");
  });

  test("keeps the session over a refresh and uses each refresh token once", async () => {
    const first = await signInAs(ada(issuer.url));

    const second = await refreshTokens(issuer.url, "nebula-lab", first.refreshToken ?? "");

    const sid = async (token: string): Promise<unknown> => (await verified(issuer.url, token)).claims["sid"];
    expect(await sid(second.accessToken)).toBe(await sid(first.accessToken));
    await expect(refreshTokens(issuer.url, "nebula-lab", first.refreshToken ?? "")).rejects.toThrow(
      "refused",
    );
    await expect(refreshTokens(issuer.url, "nebula-lab", second.refreshToken ?? "")).rejects.toThrow(
      "refused",
    );
  });

  test("takes a refresh token back", async () => {
    const { refreshToken = "" } = await signInAs(ada(issuer.url));

    const revoked = await postForm(issuer.url, "revoke", { token: refreshToken, client_id: "nebula-lab" });

    expect(revoked.status).toBe(200);
    await expect(refreshTokens(issuer.url, "nebula-lab", refreshToken)).rejects.toThrow("refused");
  });

  test.each([
    [
      "without PKCE",
      { code_challenge: "", code_challenge_method: "" },
      "Authorization Server policy requires PKCE",
    ],
    [
      "with plain PKCE",
      { code_challenge: "a".repeat(43), code_challenge_method: "plain" },
      "not supported value of code_challenge_method",
    ],
  ])("refuses a sign-in %s", async (_name, pkce, said) => {
    const form = {
      response_type: "code",
      client_id: "nebula-lab",
      redirect_uri: CALLBACK,
      scope: "openid",
      ...pkce,
    };
    const entries = Object.entries(form).filter(([, value]) => value !== "");

    const response = await fetch(
      `${issuer.url}/protocol/openid-connect/auth?${String(new URLSearchParams(entries))}`,
      { redirect: "manual" },
    );

    expect(new URL(response.headers.get("location") ?? "").searchParams.get("error_description")).toContain(
      said,
    );
  });

  test("sends codes to no address that is not listed", async () => {
    const redirectUri = "http://127.0.0.1:8700/auth/callback2";

    await expect(signInAs({ ...ada(issuer.url), redirectUri })).rejects.toThrow(
      "no sign-in form, status 400",
    );
  });

  test.each([
    ["a listed page", PAGE, PAGE],
    ["another page", "http://evil.example", null],
  ])("lets %s redeem: CORS %s", async (_name, origin, allowed) => {
    const body = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: "x",
      client_id: "nebula-lab",
    });

    const response = await fetch(`${issuer.url}/protocol/openid-connect/token`, {
      method: "POST",
      body,
      headers: { origin },
    });

    expect(response.headers.get("access-control-allow-origin")).toBe(allowed);
  });

  test("says so when a sign-in page is stale", async () => {
    const response = await fetch(`${issuer.url}/login-actions/authenticate/nothing`);

    expect(response.status).toBe(400);
    expect(await response.text()).toContain("Sign-in expired");
  });

  test("keeps its keys and records to its own user", async () => {
    for (const name of ["signing-key.json", "cookie-key", "records"]) {
      expect((await stat(join(folder.path, name))).mode & 0o077).toBe(0);
    }
    const [record = ""] = await readdir(join(folder.path, "records"));
    expect((await stat(join(folder.path, "records", record))).mode & 0o077).toBe(0);
  });
});

describe("the demo issuer after a restart", () => {
  test("still knows its keys and refresh tokens", async () => {
    await using folder = await temporaryFolder();
    const first = await anIssuer(folder.path);
    const port = Number(new URL(first.url).port);
    const tokens = await signInAs(ada(first.url));
    await first[Symbol.asyncDispose]();

    await using again = await anIssuer(folder.path, { port });

    expect((await verified(again.url, tokens.accessToken)).claims["preferred_username"]).toBe("ada");
    const renewed = await refreshTokens(again.url, "nebula-lab", tokens.refreshToken ?? "");
    expect(renewed.accessToken).not.toBe(tokens.accessToken);
  });
});

test.each([
  ["in production", { nodeEnv: "production" }, "does not start with NODE_ENV=production"],
  ["off loopback", { host: "0.0.0.0" }, "listens on 127.0.0.1 only"],
])("the demo issuer refuses to start %s", async (_name, options, said) => {
  await using folder = await temporaryFolder();
  const rest = {
    port: 1,
    webOrigins: [],
    redirectUris: [],
    postLogoutRedirectUris: [],
    log: () => undefined,
  };

  await expect(startIssuer({ ...rest, stateFolder: folder.path, ...options })).rejects.toThrow(said);

  expect(await readdir(folder.path)).toEqual([]);
});

test("a half-written record costs one sign-in and not the start", async () => {
  await using folder = await temporaryFolder();
  const first = await anIssuer(folder.path);
  await signInAs(ada(first.url));
  await first[Symbol.asyncDispose]();
  const records = join(folder.path, "records");
  const [name = ""] = await readdir(records);
  await writeFile(join(records, name), (await readFile(join(records, name), "utf8")).slice(0, 20));

  await using again = await anIssuer(folder.path);

  expect((await signInAs(ada(again.url))).expiresInS).toBe(300);
});
