import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { lockFolder } from "../../process/folder-lock.ts";
import { LOOPBACK, assertPortFree } from "../../process/ports.ts";
import { randomSecret, secretFile } from "../../process/private-file.ts";
import { spawnTethered } from "../../process/tethered.ts";
import type { TetheredProcess } from "../../process/tethered.ts";
import { waitUntil } from "../../process/wait-until.ts";
import { postgresBinaries } from "./binaries.ts";
import { DATABASE, ensureCluster } from "./cluster.ts";
import { clearStaleServer } from "./stale-server.ts";
import { assertReachable, databaseUser } from "./system-user.ts";
import type { SystemUser } from "./system-user.ts";

/** Where a part keeps what must survive, and where it writes its log. */
export interface PartFolders {
  readonly stateFolder: string;
  readonly logFile: string;
}

export interface PostgresOptions extends PartFolders {
  readonly port: number;
}

/** A running database. Disposing shuts it down in order. */
export interface PostgresHandle extends AsyncDisposable {
  /** Connection string with password; the password lies beside the data, mode 0600. */
  readonly url: string;
  readonly exited: TetheredProcess["exited"];
}

/**
 * Starts PostgreSQL on loopback and makes the database at first use. Everything committed survives any kill.
 * Throws `StartFailed` when the port is taken, a folder is closed to the database's user, or the server does not come.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresHandle> {
  await using stack = new AsyncDisposableStack();
  const binaries = await postgresBinaries();
  const folder = options.stateFolder;
  await mkdir(folder, { recursive: true });
  stack.use(await lockFolder(folder, "postgres"));
  const user = await databaseUser();
  if (user !== undefined) await assertReachable([join(folder, "data"), binaries.postgres], user);
  const password = await secretFile(join(folder, "password"), () => randomSecret(24));
  const data = await ensureCluster({ binaries, folder, password, user });
  await clearStaleServer(data);
  await assertPortFree(options.port, "postgres");
  const server = stack.use(startServer(options, { program: binaries.postgres, data, user }));
  const login = `postgres://${DATABASE}:${password}@${LOOPBACK}:${options.port}`;
  const { logFile } = options;
  const wait = { part: "postgres", what: "PostgreSQL", timeoutMs: 60_000, logFile, process: server } as const;
  await waitUntil(() => ensureDatabase(`${login}/postgres`), wait);
  const owned = stack.move();
  return {
    url: `${login}/${DATABASE}`,
    exited: server.exited,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface ServerPlan {
  readonly program: string;
  readonly data: string;
  readonly user: SystemUser | undefined;
}

function startServer(options: PostgresOptions, { program, data, user }: ServerPlan): TetheredProcess {
  return spawnTethered({
    command: program,
    args: serverArgs(data, options.port),
    logFile: options.logFile,
    cwd: options.stateFolder,
    stopSignal: "SIGINT",
    ...(user === undefined ? {} : { user }),
  });
}

function serverArgs(data: string, port: number): string[] {
  const settings = [
    `listen_addresses=${LOOPBACK}`,
    `port=${port}`,
    "unix_socket_directories=",
    "log_timezone=UTC",
    "timezone=UTC",
  ];
  return ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const found = await client.query("select 1 from pg_database where datname = $1", [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
