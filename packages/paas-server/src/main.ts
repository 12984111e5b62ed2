#!/usr/bin/env node
import { ConfigFault, createServer, type NebulaServer, parseConfig, readEnvironment } from "./index.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** A stop that takes longer ends the process; leases and the outbox make that harmless. */
const STOP_MS = 10_000;

async function stop(server: NebulaServer): Promise<void> {
  const timer = setTimeout(() => process.exit(1), STOP_MS);
  await server[Symbol.asyncDispose]();
  clearTimeout(timer);
}

function explain(error: unknown): string {
  if (error instanceof ConfigFault) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function main(): Promise<void> {
  const server = await createServer(parseConfig(readEnvironment()));
  for (const signal of SIGNALS) process.once(signal, () => void stop(server));
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
