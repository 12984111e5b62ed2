import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { chainEndpoint } from "../src/parts/chain/endpoint.ts";
import { RpcError } from "../src/parts/chain/json-rpc.ts";
import type { RpcRequest } from "../src/parts/chain/json-rpc.ts";
import { closeServer, listen } from "../src/process/http-server.ts";
import { freePort } from "../src/process/ports.ts";

const PAGE = "http://127.0.0.1:8704";

describe("the chain's endpoint", () => {
  let url: string;
  let close: () => Promise<void>;
  let served: { request: RpcRequest; fromPage: boolean }[];

  beforeEach(async () => {
    served = [];
    const server = chainEndpoint({
      webOrigins: [PAGE],
      async serve(each, fromPage) {
        served.push({ request: each, fromPage });
        if (each.method === "fail") throw new RpcError(3, "execution reverted", "0x08c379a0");
        return "0x1";
      },
    });
    const port = await freePort();
    await listen(server, port);
    url = `http://127.0.0.1:${String(port)}`;
    close = () => closeServer(server);
  });
  afterEach(() => close());

  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
  const call = (method: string, id: unknown = 1): object => ({ jsonrpc: "2.0", id, method, params: [] });

  test("a request gets its result under its own id", async () => {
    expect(await (await post(call("eth_chainId", "seven"))).json()).toEqual({
      jsonrpc: "2.0",
      id: "seven",
      result: "0x1",
    });
  });

  test("a failure keeps the node's code, message and data", async () => {
    const { error } = (await (await post(call("fail"))).json()) as { error: unknown };

    expect(error).toEqual({ code: 3, message: "execution reverted", data: "0x08c379a0" });
  });

  test("a batch is answered in its order, notifications are not", async () => {
    const notification = { jsonrpc: "2.0", method: "eth_chainId", params: [] };

    const answers = (await (await post([call("a", 1), notification, call("fail", 2), 17])).json()) as {
      id: unknown;
    }[];

    expect(answers.map(({ id }) => id)).toEqual([1, 2, null]);
    expect(served.map(({ request: { method } }) => method)).toEqual(["a", "eth_chainId", "fail"]);
  });

  test.each([
    ["no JSON", "{", -32_700],
    ["another version", { jsonrpc: "1.0", id: 1, method: "a" }, -32_600],
    ["a method that is no text", { jsonrpc: "2.0", id: 1, method: {} }, -32_600],
    ["an empty batch", [], -32_005],
    ["a batch without end", Array.from({ length: 201 }, () => 1), -32_005],
  ])("%s is refused", async (_name, body, code) => {
    const { error } = (await (await post(body)).json()) as { error: { code: number } };

    expect(error.code).toBe(code);
    expect(served).toEqual([]);
  });

  test("a body above the limit is refused", async () => {
    expect((await post("x".repeat((1 << 20) + 1))).status).toBe(413);
  });

  test("a listed page may read, and is known as a page", async () => {
    const response = await post(call("eth_blockNumber"), { origin: PAGE });

    expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(served.map(({ fromPage }) => fromPage)).toEqual([true]);
  });

  test("another page is refused", async () => {
    const response = await post(call("eth_blockNumber"), { origin: "http://evil.example" });

    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(served).toEqual([]);
  });

  test("a name that points to loopback is refused", async () => {
    const status = await new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on("error", reject).end(JSON.stringify(call("eth_blockNumber")));
    });

    expect(status).toBe(403);
  });

  test("GET tells chain id and block number", async () => {
    expect(await (await fetch(url)).json()).toEqual({ chainId: 1, blockNumber: 1 });
  });
});
