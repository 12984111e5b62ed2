import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import type { Logger } from "../../app/ports.ts";
import { mapFault } from "./faults.ts";

const FOLDER = fileURLToPath(new URL("../../../migrations", import.meta.url));

/** Brings the schema up to date; several replicas may start at once, one of them does the work. */
export async function migrate(url: string, log: Logger): Promise<void> {
  const write = (message: string) => log.debug({}, message);
  try {
    await runner({
      databaseUrl: url,
      dir: FOLDER,
      direction: "up",
      migrationsTable: "schema_migration",
      count: Number.POSITIVE_INFINITY,
      logger: {
        debug: write,
        info: write,
        warn: (message) => log.warn({}, message),
        error: (message) => log.error({}, message),
      },
      verbose: false,
      advisoryLockMode: "wait",
    });
  } catch (error) {
    throw mapFault(error);
  }
}
