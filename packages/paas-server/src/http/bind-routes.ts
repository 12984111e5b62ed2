import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Route, ROUTES, type RouteName } from "@nebula/protocol";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { InvalidInput } from "@nebula/protocol";
import type { AppContext } from "../app/context.ts";
import { ensureAccount } from "../app/ensure-account.ts";
import type { Authenticator } from "../app/ports.ts";
import { authorise } from "./authorise.ts";
import { decodePart } from "./decode.ts";
import type { Download, Handlers } from "./handler.ts";

const KEY = /^[\x21-\x7e]{1,128}$/;
const PUBLIC_BODY_BYTES = 64 * 1024;

export interface BindOptions {
  readonly ctx: AppContext;
  readonly authenticator: Authenticator;
  readonly handlers: Partial<Handlers>;
  /** Counts a caller's requests; runs after sign-in. */
  readonly limiter: RequestHandler;
}

/** What `authorise` found, kept beside the request until its handler runs. */
interface Locals {
  principal?: Awaited<ReturnType<typeof authorise>>;
}

/** Path of the route table in the form of Express. */
export function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

function keyOf(route: Route, request: Request): string | null {
  if (route.idempotency !== "key") return null;
  const key = request.get("idempotency-key");
  if (key === undefined || !KEY.test(key)) {
    throw new InvalidInput(
      "INPUT_INVALID",
      "Expected a header `Idempotency-Key` of 1 to 128 visible characters, new for each new request",
      { data: { fields: ["Idempotency-Key"] } },
    );
  }
  return key;
}

function isDownload(answer: unknown): answer is Download {
  return typeof answer === "object" && answer !== null && "body" in answer && "contentType" in answer;
}

async function sendDownload(response: Response, download: Download): Promise<void> {
  // why: what a job wrote must never run as a page of this origin
  response.type(download.contentType).set("content-security-policy", "sandbox").attachment(download.fileName);
  response.type(download.contentType);
  await pipeline(Readable.from(download.body), response);
}

function signIn(route: Route, authenticator: Authenticator): RequestHandler {
  return async (request, response: Response<unknown, Locals>, next) => {
    response.locals.principal = await authorise(route.auth, request, authenticator);
    next();
  };
}

function run(name: RouteName, options: BindOptions): RequestHandler {
  const route: Route = ROUTES[name];
  // why: each handler fits its own route; over all routes the type is their intersection, which nothing satisfies
  const handle = options.handlers[name] as ((ctx: AppContext, call: unknown) => Promise<unknown>) | undefined;
  return async (request, response: Response<unknown, Locals>) => {
    if (handle === undefined) throw new Error(`no handler for ${name}`);
    const call = {
      params: decodePart(route.params, "path", request.params),
      query: decodePart(route.query, "query", request.query),
      body: route.body === null ? null : decodePart(route.body, "body", request.body),
      key: keyOf(route, request),
      wire: route.body === null ? null : (request.body as unknown),
    };
    const principal = response.locals.principal ?? null;
    const caller =
      principal === null ? null : { principal, account: await ensureAccount(options.ctx, principal) };
    const answer = await handle(options.ctx, { ...call, caller });
    response.status(route.status);
    if (isDownload(answer)) await sendDownload(response, answer);
    else response.json(answer);
  };
}

/** Binds every route of the table that has a handler: sign-in, rate limit, body, then the handler. */
export function bindRoutes(app: Express, options: BindOptions): void {
  for (const name of Object.keys(options.handlers) as RouteName[]) {
    const route: Route = ROUTES[name];
    const limit = route.auth.kind === "public" ? PUBLIC_BODY_BYTES : options.ctx.config.limits.bodyBytes;
    const chain: RequestHandler[] = [signIn(route, options.authenticator), options.limiter];
    if (route.body !== null) chain.push(express.json({ limit, strict: false }));
    app[route.method === "GET" ? "get" : "post"](expressPath(route.path), ...chain, run(name, options));
  }
}
