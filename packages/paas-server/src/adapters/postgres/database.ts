import pg from "pg";
import type { Database, Logger, Sql } from "../../app/ports.ts";
import { isRetryable, mapFault } from "./faults.ts";

const INT8 = 20;
const NUMERIC = 1700;
const TRIES_MAX = 5;
/** Longest wait for a connection, the wait for one of the pool to become free included. */
const CONNECTION_WAIT_MS = 15_000;
/** Key of the advisory lock that the leading replica holds. */
const LEADER_LOCK = 8_686_001;

/** Columns of type bigint and numeric come back as bigint; every numeric column of the schema is whole. */
const types = new pg.TypeOverrides();
types.setTypeParser(INT8, BigInt);
types.setTypeParser(NUMERIC, BigInt);

/** PostgreSQL with the server's own lifetime. */
export interface PostgresDatabase extends Database, AsyncDisposable {}

export interface PostgresOptions {
  readonly url: string;
  readonly connections: number;
  readonly log: Logger;
}

/** Settings of every connection: parsed types, and times after which a silent server counts as away. */
export function connectionConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    types,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
    application_name: "nebula-server",
  };
}

async function run<Row extends object>(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const result = await client.query<Row>(text, [...values]);
  return result.rows;
}

function sqlOver(client: pg.PoolClient): Sql {
  return { query: (text, values = []) => run(client, text, values) };
}

async function attempt<Result>(pool: pg.Pool, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(sqlOver(client));
    await client.query("commit");
    return result;
  } catch (error) {
    await client
      .query("rollback")
      .catch((fault: unknown) => (broken = fault instanceof Error ? fault : new Error("rollback failed")));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function transaction<Result>(pool: pg.Pool, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(pool, work);
    } catch (error) {
      if (!isRetryable(error) || tries >= TRIES_MAX) throw mapFault(error);
    }
  }
}

async function tryLead(url: string): Promise<AsyncDisposable | null> {
  const client = new pg.Client({ ...connectionConfig(url), application_name: "nebula-leader" });
  // why: a lost connection ends the lock; the next statement of the leader's loop finds out by its own connection
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ led: boolean }>("select pg_try_advisory_lock($1) as led", [
      LEADER_LOCK,
    ]);
    if (rows[0]?.led === true) return { [Symbol.asyncDispose]: () => client.end() };
    await client.end();
    return null;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw mapFault(error);
  }
}

/** A pool of at most `connections` connections; nothing is connected before the first statement. */
export function openDatabase({ url, connections, log }: PostgresOptions): PostgresDatabase {
  const pool = new pg.Pool({ ...connectionConfig(url), max: connections, idleTimeoutMillis: 30_000 });
  // why both: the pool listens to idle connections only, and an error that nobody listens to ends the process
  const lost = (error: Error) => log.warn({ err: error.message }, "database connection lost");
  pool.on("error", lost);
  pool.on("connect", (client) => void client.on("error", lost));
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      try {
        return await run<Row>(pool, text, values);
      } catch (error) {
        throw mapFault(error);
      }
    },
    transaction: (work) => transaction(pool, work),
    tryLead: () => tryLead(url),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
