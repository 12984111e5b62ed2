import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Problem } from "@nebula/protocol";
import { createServer, type NebulaServer, type Overrides, type ServerConfigInput } from "../src/index.ts";
import type { TestChain } from "./chain.ts";
import { aConfig, noChain } from "./context.ts";
import { type Person, startIssuer, type TestIssuer } from "./issuer.ts";
import { silentLogger } from "./silent-logger.ts";

/** One answer, its body read as JSON where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly problem: Problem;
}

/** A server with its issuer; both end with it. */
export interface TestServer extends AsyncDisposable {
  readonly server: NebulaServer;
  readonly issuer: TestIssuer;
  /** Where its key files lie. */
  readonly folder: string;
  /** One request; as a person where one is given, with a fresh idempotency key where it posts. */
  request(path: string, options?: RequestOptions): Promise<Answer>;
}

export interface RequestOptions {
  readonly as?: Person;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function answerOf(response: Response): Promise<Answer> {
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  const body: unknown = isJson ? await response.json() : await response.text();
  return { status: response.status, headers: response.headers, body, problem: body as Problem };
}

async function send(
  server: NebulaServer,
  issuer: TestIssuer,
  path: string,
  options: RequestOptions,
): Promise<Answer> {
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  const headers: Record<string, string> = {};
  if (options.as !== undefined) headers["authorization"] = `Bearer ${await issuer.token(options.as)}`;
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (method === "POST") headers["idempotency-key"] = randomBytes(8).toString("hex");
  const body =
    options.body === undefined
      ? {}
      : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) };
  return answerOf(
    await fetch(`${server.url}${path}`, { method, headers: { ...headers, ...options.headers }, ...body }),
  );
}

export interface ServerOptions {
  readonly databaseUrl: string;
  readonly config?: Partial<ServerConfigInput>;
  /** Chain on which it settles; absent: nothing is expected of the chain. */
  readonly chain?: TestChain;
  readonly overrides?: Overrides;
  /** Issuer and vault of an earlier server, to start a second one beside it or after it. */
  readonly after?: TestServer;
}

function chainSettings(chain: TestChain | undefined, keyFile: string): Partial<ServerConfigInput> {
  return chain === undefined
    ? {}
    : {
        chain: {
          rpcUrl: chain.rpcUrl,
          chainId: chain.chainId,
          token: chain.token,
          escrow: chain.escrow,
          keyFile,
        },
      };
}

/** Starts a server on a database, with an issuer of its own. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const { chain, after } = options;
  const folder = after?.folder ?? (await mkdtemp(join(tmpdir(), "nebula-server-")));
  const keyFile = join(folder, "chain.key");
  await writeFile(keyFile, Buffer.from(chain?.serverKey ?? randomBytes(32)).toString("hex"), { mode: 0o600 });
  const issuer = after?.issuer ?? (await startIssuer());
  const { databaseUrl } = options;
  const settings = aConfig({
    databaseUrl,
    masterKeyFile: join(folder, "vault", "master.key"),
    issuer: { url: issuer.url },
    ...chainSettings(chain, keyFile),
    ...options.config,
  });
  const server = await createServer(settings, {
    log: silentLogger,
    ...(chain === undefined ? { chain: noChain } : {}),
    ...options.overrides,
  });
  return {
    server,
    issuer,
    folder,
    request: (path, options = {}) => send(server, issuer, path, options),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      if (after !== undefined) return;
      await issuer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
