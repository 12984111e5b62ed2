import { nodeProgram } from "../process/node-program.ts";
import { LOOPBACK, assertPortFree } from "../process/ports.ts";
import { spawnTethered } from "../process/tethered.ts";
import type { TetheredProcess } from "../process/tethered.ts";
import { waitUntil } from "../process/wait-until.ts";
import type { Deployment } from "./deploy.ts";

export interface ServerOptions {
  readonly port: number;
  readonly logFile: string;
  readonly databaseUrl: string;
  readonly issuerUrl: string;
  readonly chain: { readonly url: string; readonly chainId: number };
  readonly deployment: Pick<Deployment, "token" | "escrow" | "serverKeyFile">;
  readonly masterKeyFile: string;
  /** Origins of notebooks. */
  readonly origins: readonly string[];
  readonly images: readonly { readonly name: string; readonly title: string; readonly tag: string }[];
  /** Starts anew whenever a source changes. */
  readonly watch?: boolean;
  /** Further settings, as environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running server. */
export interface ServerHandle extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly exited: TetheredProcess["exited"];
}

function environment(options: ServerOptions): Record<string, string | undefined> {
  return {
    ...process.env,
    NEBULA_CAMPUS_NAME: "Nebula Demo Campus",
    NEBULA_DEMO: "1",
    NEBULA_PORT: String(options.port),
    NEBULA_PUBLIC_URL: `http://${LOOPBACK}:${String(options.port)}`,
    NEBULA_DATABASE_URL: options.databaseUrl,
    NEBULA_ISSUER_URL: options.issuerUrl,
    NEBULA_CHAIN_RPC_URL: options.chain.url,
    NEBULA_CHAIN_ID: String(options.chain.chainId),
    NEBULA_CHAIN_TOKEN: options.deployment.token,
    NEBULA_CHAIN_ESCROW: options.deployment.escrow,
    NEBULA_CHAIN_KEY_FILE: options.deployment.serverKeyFile,
    NEBULA_MASTER_KEY_FILE: options.masterKeyFile,
    NEBULA_ORIGINS: options.origins.join(","),
    NEBULA_IMAGES: JSON.stringify(options.images),
    ...options.env,
  };
}

/** Starts the server and waits until it answers that all its parts are there. Throws `StartFailed` with the end of its log. */
export async function startServer(options: ServerOptions): Promise<ServerHandle> {
  await assertPortFree(options.port, "campus");
  const url = `http://${LOOPBACK}:${String(options.port)}`;
  const program = nodeProgram("packages/paas-server/src/main.ts", [], { watch: options.watch ?? false });
  const server = spawnTethered({
    ...program,
    logFile: options.logFile,
    env: environment(options),
    graceMs: 15_000,
  });
  const probe = async (): Promise<void> => {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(await response.text());
  };
  await waitUntil(probe, {
    part: "campus",
    what: "The server",
    timeoutMs: 60_000,
    logFile: options.logFile,
    process: server,
  });
  return {
    url,
    pid: server.pid,
    exited: server.exited,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
