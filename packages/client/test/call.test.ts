import { describe, expect, it } from "vitest";
import { InsufficientFunds, NBAI, Unavailable } from "@nebula/protocol";
import { createCall } from "../src/index.ts";
import { fakeServer, sendJson } from "./fake-server.ts";

const spec = {
  v: 1 as const,
  image: "i",
  class: "cpu",
  cells: [{ id: "a", source: "1", role: "run" as const, tags: [] }],
  timeLimitMs: 1_000,
  transcriptBytes: 65_536,
  title: "",
};
const problem = {
  type: "about:blank",
  title: "Member cap exceeded",
  status: 402,
  detail: "short by 1",
  code: "MEMBER_CAP_EXCEEDED",
  who: "budget",
  charged: "no",
  remedy: "ask",
  instance: "req-1",
};

describe("a call", () => {
  it("sends token, key and money as text, and nothing of the page's cookies", async () => {
    await using server = await fakeServer((_seen, response) => {
      sendJson(response, 402, problem);
    });
    const call = createCall({ serverUrl: server.url, accessToken: () => Promise.resolve("token-1") });

    await expect(
      call("submitJob", { body: { spec, ceiling: NBAI }, idempotencyKey: "key-1" }),
    ).rejects.toThrow();

    const [seen] = server.seen;
    expect(seen).toMatchObject({
      method: "POST",
      url: "/v1/jobs",
      headers: { authorization: "Bearer token-1", "idempotency-key": "key-1" },
    });
    expect(JSON.parse(seen?.body ?? "")).toMatchObject({
      ceiling: "1000000000000000000",
      spec: { class: "cpu" },
    });
    expect(seen?.headers.cookie).toBeUndefined();
  });

  it("throws the error of the problem document, of its class, with its facts", async () => {
    await using server = await fakeServer((_seen, response) => {
      sendJson(response, 402, { ...problem, data: { short: "1" } });
    });
    const call = createCall({ serverUrl: server.url, accessToken: () => Promise.resolve(null) });

    const error = await call("getMe").catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(InsufficientFunds);
    expect(error).toMatchObject({
      code: "MEMBER_CAP_EXCEEDED",
      message: "short by 1",
      data: { short: "1", instance: "req-1" },
    });
  });

  it("puts parameters and query where the route says, escaped", async () => {
    await using server = await fakeServer((_seen, response) => {
      response.writeHead(200).end("bytes");
    });
    const call = createCall({ serverUrl: server.url, accessToken: () => Promise.resolve(null) });

    const bytes = await call("getArtefact", {
      params: { jobId: "job_a/b" },
      query: { path: "model é.keras" },
    });

    expect(new TextDecoder().decode(bytes)).toBe("bytes");
    expect(server.seen[0]?.url).toBe("/v1/jobs/job_a%2Fb/artefact?path=model+%C3%A9.keras");
  });

  it.each([
    ["a proxy's page", 502, "<html>bad gateway</html>"],
    ["an unknown code", 400, JSON.stringify({ ...problem, code: "NEW_CODE" })],
  ])("says that the server is away when it gets %s", async (_what, status, body) => {
    await using server = await fakeServer((_seen, response) => {
      response.writeHead(status).end(body);
    });
    const call = createCall({ serverUrl: server.url, accessToken: () => Promise.resolve(null) });

    await expect(call("getCampus")).rejects.toBeInstanceOf(Unavailable);
  });

  it("says that the server is away when nothing listens", async () => {
    const gone = await fakeServer(() => undefined);
    await gone[Symbol.asyncDispose]();
    const call = createCall({ serverUrl: gone.url, accessToken: () => Promise.resolve(null) });

    await expect(call("getCampus")).rejects.toMatchObject({ code: "SERVER_AWAY" });
  });
});
