import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startChain } from "../parts/chain/index.ts";
import type { ChainHandle } from "../parts/chain/index.ts";
import { deployContracts } from "../parts/deploy.ts";
import type { Deployment } from "../parts/deploy.ts";
import { startIssuer } from "../parts/issuer/index.ts";
import { ensureLabExtension, startLab } from "../parts/lab/index.ts";
import { startPostgres } from "../parts/postgres/index.ts";
import { startRig } from "../parts/rig.ts";
import type { RigHandle } from "../parts/rig.ts";
import { startServer } from "../parts/server.ts";
import type { ServerHandle, ServerOptions } from "../parts/server.ts";
import { demoClient } from "../demo/session.ts";
import { labFolder } from "../setup/index.ts";
import { LOOPBACK } from "../process/ports.ts";
import { campusImages } from "./images.ts";
import type { CampusPorts } from "./ports.ts";
import { seedCampus } from "./seed.ts";

export interface CampusOptions {
  /** State folder; everything of the campus lies below it. */
  readonly home: string;
  readonly ports: CampusPorts;
  /** Runs one step of the start and tells of it. */
  readonly step: <Result>(name: string, work: () => Promise<Result>) => Promise<Result>;
  readonly log: (line: string) => void;
  /** State folder whose tools are used; default `home`. */
  readonly toolsHome?: string;
  /** Starts JupyterLab too; default true. */
  readonly withLab?: boolean;
  /** Server and agent start anew when their sources change. */
  readonly watch?: boolean;
  /** Further settings of the server and the agent, as environment variables. */
  readonly serverEnv?: Readonly<Record<string, string>>;
  readonly rigEnv?: Readonly<Record<string, string>>;
}

/** A running campus. Disposing stops every part, last started first. */
export interface CampusHandle extends AsyncDisposable {
  readonly serverUrl: string;
  readonly issuerUrl: string;
  readonly databaseUrl: string;
  readonly chain: ChainHandle;
  readonly deployment: Deployment;
  /** Address of JupyterLab with its token; null without it. */
  readonly labUrl: string | null;
  readonly server: () => ServerHandle;
  readonly rig: () => RigHandle;
  /** Starts the server again after it was stopped or killed. */
  readonly restartServer: () => Promise<void>;
  readonly restartRig: () => Promise<void>;
}

interface Foundations {
  readonly databaseUrl: string;
  readonly issuerUrl: string;
  readonly chain: ChainHandle;
  readonly deployment: Deployment;
}

async function startFoundations(options: CampusOptions, stack: AsyncDisposableStack): Promise<Foundations> {
  const { home, ports, step, log } = options;
  const state = (name: string): string => join(home, "state", name);
  const logFile = (name: string): string => join(home, "logs", `${name}.log`);
  const webOrigins = [`http://${LOOPBACK}:${String(ports.lab)}`];
  const redirectUris = [`http://${LOOPBACK}:${String(ports.server)}/auth/callback`];
  const backchannelLogoutUri = `http://${LOOPBACK}:${String(ports.server)}/backchannel-logout`;
  const folders = (name: string) => ({ stateFolder: state(name), logFile: logFile(name) });
  const postgres = stack.use(
    await step("PostgreSQL", () => startPostgres({ ...folders("postgres"), port: ports.postgres })),
  );
  const chain = stack.use(
    await step("Chain", () => startChain({ ...folders("chain"), port: ports.chain, webOrigins, log })),
  );
  const issuer = stack.use(
    await step("Sign-in service (demo)", () =>
      startIssuer({
        port: ports.issuer,
        stateFolder: state("issuer"),
        webOrigins,
        log,
        redirectUris,
        postLogoutRedirectUris: webOrigins,
        backchannelLogoutUri,
      }),
    ),
  );
  const deployment = await step("Contracts", () =>
    deployContracts({ chain, stateFolder: state("contracts"), log }),
  );
  return { databaseUrl: postgres.url, issuerUrl: issuer.url, chain, deployment };
}

function serverOptions(
  options: CampusOptions,
  parts: Foundations,
  images: ServerOptions["images"],
): ServerOptions {
  return {
    port: options.ports.server,
    logFile: join(options.home, "logs", "server.log"),
    databaseUrl: parts.databaseUrl,
    issuerUrl: parts.issuerUrl,
    chain: parts.chain,
    deployment: parts.deployment,
    masterKeyFile: join(options.home, "state", "vault.key"),
    origins: [`http://${LOOPBACK}:${String(options.ports.lab)}`],
    images,
    watch: options.watch ?? false,
    ...(options.serverEnv === undefined ? {} : { env: options.serverEnv }),
  };
}

/** Something that can be stopped and started again, disposed of with the stack in its last form. */
async function replaceable<Part extends AsyncDisposable>(
  stack: AsyncDisposableStack,
  start: () => Promise<Part>,
): Promise<{ current: () => Part; again: () => Promise<void> }> {
  let part = await start();
  stack.defer(() => part[Symbol.asyncDispose]());
  return {
    current: () => part,
    async again() {
      await part[Symbol.asyncDispose]();
      part = await start();
    },
  };
}

/** Starts every part of a campus and seeds it. Nothing is left running when a part does not start. */
export async function startCampus(options: CampusOptions): Promise<CampusHandle> {
  await using stack = new AsyncDisposableStack();
  const { step, home } = options;
  await mkdir(join(home, "logs"), { recursive: true });
  const parts = await startFoundations(options, stack);
  const images = await step("Kernel images", () => campusImages());
  const server = await step("Server", () =>
    replaceable(stack, () => startServer(serverOptions(options, parts, images))),
  );
  const serverUrl = server.current().url;
  const rig = await step("Rig agent", () =>
    replaceable(stack, () => startRig(rigOptions(options, serverUrl))),
  );
  await step("Demo course", () =>
    seedCampus({ serverUrl, chain: parts.chain, token: parts.deployment.token }),
  );
  const labUrl = options.withLab === false ? null : await startNotebooks(options, serverUrl, stack);
  const owned = stack.move();
  return {
    serverUrl,
    ...parts,
    labUrl,
    server: server.current,
    rig: rig.current,
    restartServer: server.again,
    restartRig: rig.again,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startNotebooks(
  options: CampusOptions,
  serverUrl: string,
  stack: AsyncDisposableStack,
): Promise<string> {
  const { home, ports, step } = options;
  const extension = await step("Notebook extension", () => ensureLabExtension(() => undefined));
  const folders = {
    stateFolder: join(home, "state", "lab"),
    logFile: join(home, "logs", "lab.log"),
    notebookFolder: join(home, "state", "notebooks"),
  };
  const lab = await step("JupyterLab", () =>
    startLab({
      ...folders,
      port: ports.lab,
      environment: labFolder(options.toolsHome ?? home),
      serverUrl,
      extension,
    }),
  );
  return stack.use(lab).urlWithToken;
}

function rigOptions(options: CampusOptions, serverUrl: string) {
  return {
    serverUrl,
    name: "this machine",
    stateFolder: join(options.home, "state", "rig"),
    logFile: join(options.home, "logs", "rig.log"),
    watch: options.watch ?? false,
    enrolmentCode: async (): Promise<string> => {
      await using ops = await demoClient(serverUrl, "ops");
      return (await ops.call("createEnrolmentCode")).code;
    },
    ...(options.rigEnv === undefined ? {} : { env: options.rigEnv }),
  };
}
