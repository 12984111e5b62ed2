import { randomUUID } from "node:crypto";
import { escrowDomain } from "@nebula/protocol";
import { openChain } from "./adapters/chain/chain.ts";
import { createLogger } from "./adapters/logging/logger.ts";
import { openDatabase } from "./adapters/postgres/database.ts";
import { openHints } from "./adapters/postgres/hints.ts";
import { migrate } from "./adapters/postgres/migrate.ts";
import { createSystemClock, systemRandom } from "./adapters/system/system.ts";
import { readKeyFile, readOrCreateKeyFile } from "./adapters/vault/key-files.ts";
import { signatures } from "./adapters/vault/signatures.ts";
import { createVault } from "./adapters/vault/vault.ts";
import type { AppContext } from "./app/context.ts";
import type { ChainPort, Clock, Logger, Random } from "./app/ports.ts";
import type { ServerConfig } from "./config/config.ts";
import { RigSockets } from "./sockets/rig-link.ts";

/** Parts that a test puts in the place of the real ones. */
export interface Overrides {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  readonly chain?: ChainPort;
}

/** The context of one replica; `rigs` are the sockets of rigs that end here. */
export interface BuiltContext {
  readonly ctx: AppContext;
  readonly rigs: RigSockets;
}

async function chainOf(
  config: ServerConfig,
  parts: Pick<AppContext, "db" | "vault" | "clock" | "log">,
): Promise<ChainPort & Disposable> {
  return openChain({ ...config.chain, ...parts, key: await readKeyFile(config.chain.keyFile) });
}

/** Opens everything that use cases need; what is opened is closed with `stack`, in reverse order. */
export async function buildContext(
  config: ServerConfig,
  overrides: Overrides,
  stack: AsyncDisposableStack,
): Promise<BuiltContext> {
  const {
    clock = createSystemClock(),
    random = systemRandom,
    log = createLogger(config.logLevel),
  } = overrides;
  await migrate(config.databaseUrl, log);
  const db = stack.use(
    openDatabase({ url: config.databaseUrl, connections: config.databaseConnections, log }),
  );
  const hints = stack.use(await openHints({ url: config.databaseUrl, replica: randomUUID(), log }));
  const vault = createVault(await readOrCreateKeyFile(config.masterKeyFile), random);
  const chain = overrides.chain ?? stack.use(await chainOf(config, { db, vault, clock, log }));
  const rigs = new RigSockets({ clock, random });
  const domainOf = () => escrowDomain(config.chain.chainId, config.chain.escrow);
  return { ctx: { db, clock, random, hints, log, config, rigs, vault, signatures, chain, domainOf }, rigs };
}
