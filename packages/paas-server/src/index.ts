import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { once } from "node:events";
import { Server as SocketServer } from "socket.io";
import { createMetrics } from "./adapters/metrics/metrics.ts";
import { type BuiltAuth, buildAuth } from "./build-auth.ts";
import { type BuiltContext, buildContext, type Overrides } from "./build-context.ts";
import { startOutbox } from "./build-outbox.ts";
import { startScheduler } from "./build-scheduler.ts";
import type { ServerConfig } from "./config/config.ts";
import { buildHttp } from "./http/build-http.ts";
import { attachCells } from "./sockets/cells.ts";
import { SOCKET_OPTIONS } from "./sockets/options.ts";
import { attachRigs } from "./sockets/rigs.ts";

export { ConfigFault, parseConfig, type ServerConfig, type ServerConfigInput } from "./config/config.ts";
export { ENVIRONMENT_NAMES, readEnvironment } from "./config/env.ts";
export { chainAgrees, moneyIsConserved } from "./app/check-money.ts";
export type { Overrides } from "./build-context.ts";
export type { AppContext } from "./app/context.ts";

/** How long a stop waits for requests in progress. */
const DRAIN_MS = 5_000;

/** A running server; disposing of it lets requests end, closes sockets and connections, and gives the lead away. */
export interface NebulaServer extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8700`. */
  readonly url: string;
  /** What its use cases are handed; for tests and tools that look inside. */
  readonly ctx: BuiltContext["ctx"];
}

async function listen(http: HttpServer, config: ServerConfig): Promise<string> {
  http.listen(config.port, config.host);
  await once(http, "listening");
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : config.port;
  return `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${String(port)}`;
}

function attachSockets(io: SocketServer, built: BuiltContext, auth: BuiltAuth): DisposableStack {
  const stack = new DisposableStack();
  stack.use(attachRigs(io, built.ctx, built.rigs));
  stack.use(attachCells(io, built.ctx, auth.authenticator));
  return stack;
}

/** Lets requests in progress end for a while, then cuts them off. */
async function close(io: SocketServer, http: HttpServer): Promise<void> {
  const timer = setTimeout(() => http.closeAllConnections(), DRAIN_MS);
  await io.close(); // ends the HTTP server as well
  clearTimeout(timer);
}

async function start(
  config: ServerConfig,
  overrides: Overrides,
  stack: AsyncDisposableStack,
): Promise<NebulaServer> {
  const built = await buildContext(config, overrides, stack);
  const { ctx } = built;
  const auth = buildAuth(ctx);
  const metrics = createMetrics(ctx.db);
  let url = "";
  const publicUrl = () => config.publicUrl ?? url;
  const parts = [
    { name: "database", isVital: true, check: () => ctx.db.query("select 1") },
    { name: "chain", isVital: false, check: () => ctx.chain.height() },
    { name: "issuer", isVital: false, check: auth.checkIssuer },
  ];
  const http = createHttpServer(
    buildHttp({
      ctx,
      authenticator: auth.authenticator,
      metrics,
      parts,
      publicUrl,
      endSession: auth.endSession,
    }),
  );
  const io = new SocketServer(http, {
    ...SOCKET_OPTIONS,
    cors: { origin: [...config.origins], credentials: false },
  });
  stack.defer(() => close(io, http));
  stack.use(startOutbox(ctx, metrics));
  stack.use(startScheduler(ctx, built.rigs));
  const sockets = attachSockets(io, built, auth);
  stack.defer(() => sockets.dispose());
  url = await listen(http, config);
  ctx.log.info({ url: publicUrl() }, "server listens");
  return { url, ctx, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Starts a server on real parts; those in `overrides` take the place of the machine's own. Throws `ConfigFault` or `Unavailable`. */
export async function createServer(config: ServerConfig, overrides: Overrides = {}): Promise<NebulaServer> {
  const stack = new AsyncDisposableStack();
  try {
    return await start(config, overrides, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
