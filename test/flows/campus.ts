import type { Client } from "@nebula/client";
import { demoClient } from "@nebula/devnet";
import { afterAll, inject, test as base } from "vitest";
import { openDatabase } from "../../packages/paas-server/src/adapters/postgres/database.ts";
import type { PostgresDatabase } from "../../packages/paas-server/src/adapters/postgres/database.ts";
import type { CampusFacts } from "./campus-process.ts";
import { askControl } from "./control.ts";
import type { Part } from "./control.ts";
import { expectRest } from "./rest.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The shared campus; text where there is none: the reason. */
    readonly campus: CampusFacts | string;
  }
}

/** The campus as tests use it. */
export interface Campus extends CampusFacts {
  readonly database: PostgresDatabase;
  /** The client of a demo account, signed in once for each file. */
  as(username: "ada" | "tao" | "prof" | "ops"): Promise<Client>;
  /** Process id of a part. */
  pidOf(part: Part | "chain"): Promise<number>;
  /** Ends a part as a crash does. */
  kill(part: Part): Promise<void>;
  /** Starts a part again. */
  restart(part: Part): Promise<void>;
}

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The campus at `facts`; what is opened for it is closed with `stack`. */
export function campusAt(facts: CampusFacts, stack: AsyncDisposableStack): Campus {
  const database = stack.use(openDatabase({ url: facts.databaseUrl, connections: 2, log: SILENT }));
  const clients = new Map<string, Promise<Client>>();
  const signIn = async (username: string) => stack.use(await demoClient(facts.serverUrl, username));
  const pidOf = (part: Part | "chain") => askControl(facts.controlUrl, "GET", part);
  return {
    ...facts,
    database,
    as(username) {
      const client = clients.get(username) ?? signIn(username);
      clients.set(username, client);
      return client;
    },
    pidOf,
    async kill(part) {
      process.kill(await pidOf(part), "SIGKILL");
    },
    async restart(part) {
      await askControl(facts.controlUrl, "POST", part);
    },
  };
}

// One for each file of tests, which import this module afresh.
const stack = new AsyncDisposableStack();
const facts = inject("campus");
const opened = typeof facts === "string" ? facts : campusAt(facts, stack);
afterAll(() => stack.disposeAsync());

/**
 * A test on the shared campus. When it ends, the campus is at rest: money is conserved, the chain agrees, no container is
 * left. Skips where there is no campus.
 */
export const test = base.extend("campus", ({ skip }, { onCleanup }) => {
  if (typeof opened === "string") return skip(opened);
  onCleanup(() => expectRest(opened));
  return opened;
});
