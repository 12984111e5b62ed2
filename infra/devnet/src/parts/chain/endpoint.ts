import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { LOOPBACK } from "../../process/ports.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";
import type { RpcRequest } from "./json-rpc.ts";
import { readBody } from "../../process/request-body.ts";

/** Largest request body, bytes: far above a contract's creation, far below a burden. */
const BODY_LIMIT = 1 << 20;
/** Most requests in one batch. */
const BATCH_LIMIT = 200;

export interface EndpointOptions {
  /** Origins of pages that may read, such as `http://127.0.0.1:8704`. */
  readonly webOrigins: readonly string[];
  /** Serves one request; `fromPage` is true when a browser sent it. */
  readonly serve: (request: RpcRequest, fromPage: boolean) => Promise<unknown>;
}

/** JSON-RPC over HTTP. GET answers with the chain id and block number, for a look by hand. */
export function chainEndpoint(options: EndpointOptions): Server {
  return createServer((request, response) => {
    answer(request, options).then(
      (reply) => send(response, reply),
      () => response.destroy(),
    );
  });
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** Origin of the page that may read the answer. */
  readonly page?: string;
}

const refusal = (status: number, error: string): Reply => ({ status, body: { error } });

async function answer(request: IncomingMessage, options: EndpointOptions): Promise<Reply> {
  const { origin, host = "" } = request.headers;
  // A page of a strange site may have made its own name point to loopback: the Host header tells.
  if (!/^(?:127\.0\.0\.1|localhost)(?::[0-9]+)?$/.test(host))
    return refusal(403, `expected ${LOOPBACK} as host`);
  if (origin === undefined) return await answerMethod(request, options);
  if (!options.webOrigins.includes(origin)) return refusal(403, "this page may not use the chain");
  return { ...(await answerMethod(request, options)), page: origin };
}

async function answerMethod(request: IncomingMessage, options: EndpointOptions): Promise<Reply> {
  switch (request.method) {
    case "OPTIONS":
      return { status: 204 };
    case "GET":
      return { status: 200, body: await summary(options) };
    case "POST":
      return await answerPost(request, options);
    default:
      return refusal(405, "expected GET or POST");
  }
}

async function answerPost(request: IncomingMessage, options: EndpointOptions): Promise<Reply> {
  const text = await readBody(request, BODY_LIMIT);
  if (text === undefined) return refusal(413, `expected at most ${String(BODY_LIMIT)} bytes`);
  const fromPage = request.headers.origin !== undefined;
  const body = await answerText(text, (each) => options.serve(each, fromPage));
  return body === undefined ? { status: 204 } : { status: 200, body };
}

type Serve = (request: RpcRequest) => Promise<unknown>;

async function answerText(text: string, serve: Serve): Promise<unknown> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return failure(null, new RpcError(RPC_CODES.parse, "expected JSON"));
  }
  if (!Array.isArray(message)) return await answerOne(message, serve);
  if (message.length === 0 || message.length > BATCH_LIMIT) {
    return failure(null, new RpcError(RPC_CODES.limit, `expected 1 to ${BATCH_LIMIT} requests in a batch`));
  }
  const answers: unknown[] = [];
  for (const each of message) {
    const one = await answerOne(each, serve);
    if (one !== undefined) answers.push(one);
  }
  return answers.length === 0 ? undefined : answers;
}

async function answerOne(message: unknown, serve: Serve): Promise<unknown> {
  const request = readRequest(message);
  if (request === undefined)
    return failure(null, new RpcError(RPC_CODES.invalidRequest, "expected a JSON-RPC 2.0 request"));
  const isNotification = !Object.hasOwn(message as object, "id"); // readRequest saw an object
  const answered = await serve(request).then(
    (result) => ({ jsonrpc: "2.0", id: request.id, result }),
    (error: unknown) => failure(request.id, error),
  );
  return isNotification ? undefined : answered;
}

function readRequest(message: unknown): RpcRequest | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { jsonrpc, id = null, method, params = [] } = message as Record<string, unknown>; // an object has string keys
  if (jsonrpc !== "2.0" || typeof method !== "string" || !Array.isArray(params) || !isId(id))
    return undefined;
  return { id, method, params };
}

function isId(value: unknown): value is RpcRequest["id"] {
  return value === null || typeof value === "string" || typeof value === "number";
}

function failure(id: RpcRequest["id"], error: unknown): unknown {
  const known =
    error instanceof RpcError
      ? error
      : new RpcError(RPC_CODES.internal, "the chain failed; its log says why");
  const data = known.data === undefined ? {} : { data: known.data };
  return { jsonrpc: "2.0", id, error: { code: known.code, message: known.message, ...data } };
}

async function summary(options: EndpointOptions): Promise<unknown> {
  const ask = (method: string): Promise<unknown> => options.serve({ id: 0, method, params: [] }, true);
  return { chainId: Number(await ask("eth_chainId")), blockNumber: Number(await ask("eth_blockNumber")) };
}

function send(response: ServerResponse, { status, body, page }: Reply): void {
  const pageHeaders = {
    "access-control-allow-origin": page,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "600",
  };
  response.writeHead(status, {
    vary: "origin",
    "x-content-type-options": "nosniff",
    ...(page === undefined ? {} : pageHeaders),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(status >= 400 ? { connection: "close" } : {}), // the rest of a body may still be under way
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
