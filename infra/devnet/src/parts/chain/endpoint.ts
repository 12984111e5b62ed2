import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { LOOPBACK } from "../../process/ports.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";
import type { RpcRequest } from "./json-rpc.ts";
import { readBody } from "./request-body.ts";

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
    answer(request, response, options).catch(() => response.destroy());
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, options: EndpointOptions): Promise<void> {
  const { origin, host = "" } = request.headers;
  response.setHeader("vary", "origin");
  response.setHeader("x-content-type-options", "nosniff");
  // A page of a strange site may have made its own name point to loopback: the Host header tells.
  if (!/^(?:127\.0\.0\.1|localhost)(?::[0-9]+)?$/.test(host)) return refuse(response, 403, `expected ${LOOPBACK} as host`);
  if (origin !== undefined) {
    if (!options.webOrigins.includes(origin)) return refuse(response, 403, "this page may not use the chain");
    allowPage(response, origin);
  }
  if (request.method === "OPTIONS") return send(response, 204);
  if (request.method === "GET") return send(response, 200, await summary(options));
  if (request.method !== "POST") return refuse(response, 405, "expected GET or POST");
  await answerPost(request, response, options);
}

async function answerPost(request: IncomingMessage, response: ServerResponse, options: EndpointOptions): Promise<void> {
  const body = await readBody(request, BODY_LIMIT);
  if (body === undefined) return refuse(response, 413, `expected at most ${BODY_LIMIT} bytes`);
  const fromPage = request.headers.origin !== undefined;
  const answers = await answerText(body, (each) => options.serve(each, fromPage));
  if (answers === undefined) send(response, 204);
  else send(response, 200, answers);
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
  if (request === undefined) return failure(null, new RpcError(RPC_CODES.invalidRequest, "expected a JSON-RPC 2.0 request"));
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
  const idIsGood = id === null || typeof id === "string" || typeof id === "number";
  if (jsonrpc !== "2.0" || !idIsGood || typeof method !== "string" || !Array.isArray(params)) return undefined;
  return { id, method, params };
}

function failure(id: RpcRequest["id"], error: unknown): unknown {
  const known = error instanceof RpcError ? error : new RpcError(RPC_CODES.internal, "the chain failed; its log says why");
  const data = known.data === undefined ? {} : { data: known.data };
  return { jsonrpc: "2.0", id, error: { code: known.code, message: known.message, ...data } };
}

async function summary(options: EndpointOptions): Promise<unknown> {
  const ask = (method: string): Promise<unknown> => options.serve({ id: 0, method, params: [] }, true);
  return { chainId: Number(await ask("eth_chainId")), blockNumber: Number(await ask("eth_blockNumber")) };
}

function allowPage(response: ServerResponse, origin: string): void {
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-allow-methods", "GET, POST");
  response.setHeader("access-control-allow-headers", "content-type");
  response.setHeader("access-control-max-age", "600");
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.setHeader("connection", "close");
  send(response, status, { error: message });
}

function send(response: ServerResponse, status: number, body?: unknown): void {
  response.statusCode = status;
  if (body === undefined) return void response.end();
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}
