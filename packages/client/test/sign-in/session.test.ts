import { describe, expect, it } from "vitest";
import { createSession } from "../../src/index.ts";
import { fakeServer, sendJson } from "../fake-server.ts";

const first = { accessToken: "a0", refreshToken: "r0", expiresInMs: 300_000 };

async function anIssuer() {
  let count = 0;
  const state = { isAway: false, refuses: false };
  const server = await fakeServer((_seen, response) => {
    if (state.isAway) {
      response.destroy();
      return;
    }
    if (state.refuses) {
      sendJson(response, 400, { error: "invalid_grant" });
      return;
    }
    count += 1;
    sendJson(response, 200, {
      access_token: `a${String(count)}`,
      refresh_token: `r${String(count)}`,
      expires_in: 300,
    });
  });
  return { server, state };
}

describe("a session", () => {
  it("gives the token as it is while it lives", async () => {
    const session = createSession({ issuer: "http://127.0.0.1:1", clientId: "lab", now: () => 0 }, first);

    expect(await session.accessToken()).toBe("a0");
  });

  it("renews once for many callers, and rotates the refresh token", async () => {
    const { server } = await anIssuer();
    await using _server = server;
    let now = 0;
    const session = createSession({ issuer: server.url, clientId: "lab", now: () => now }, first);

    now = 290_000;
    const tokens = await Promise.all([session.accessToken(), session.accessToken(), session.accessToken()]);
    now = 580_000;
    await session.accessToken();

    expect(tokens).toEqual(["a1", "a1", "a1"]);
    expect(server.seen.map(({ body }) => new URLSearchParams(body).get("refresh_token"))).toEqual([
      "r0",
      "r1",
    ]);
  });

  it("goes on with the old token while the issuer is away, and ends when it refuses", async () => {
    const { server, state } = await anIssuer();
    await using _server = server;
    let ended = 0;
    const session = createSession(
      { issuer: server.url, clientId: "lab", now: () => 290_000 },
      { ...first, expiresInMs: 5_000 },
    );
    session.onEnded(() => (ended += 1));

    state.isAway = true;
    const whileAway = await session.accessToken();
    state.isAway = false;
    state.refuses = true;
    const whenRefused = await session.accessToken();

    expect([whileAway, whenRefused, ended]).toEqual(["a0", null, 1]);
  });

  it("revokes the refresh token at sign-out and gives no token after", async () => {
    const { server } = await anIssuer();
    await using _server = server;
    const session = createSession({ issuer: server.url, clientId: "lab", now: () => 0 }, first);

    await session.signOut();

    expect(await session.accessToken()).toBeNull();
    expect(server.seen.map(({ url }) => url)).toEqual(["/protocol/openid-connect/revoke"]);
  });
});
