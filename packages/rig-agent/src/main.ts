#!/usr/bin/env node
import { NebulaError } from "@nebula/protocol";
import { HELP, readArguments, type Arguments } from "./cli/arguments.ts";
import { printStatus } from "./cli/status.ts";
import { enrol } from "./enrol.ts";
import { startAgent } from "./start-agent.ts";
import { AGENT_VERSION } from "./version.ts";

const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, superseded: 4 } as const;

async function runEnrol(given: Arguments): Promise<number> {
  const { server = "", code = "", name, payout, state, isJson } = given;
  const identity = await enrol({ serverUrl: server, code, name, payoutAddress: payout, stateDir: state });
  console.log(
    isJson
      ? JSON.stringify(identity)
      : `Enrolled as ${identity.name} (${identity.rigId}) at ${identity.serverUrl}.\nStart it with: nebula-rig run`,
  );
  return EXIT.done;
}

async function runAgent(given: Arguments): Promise<number> {
  const agent = await startAgent({
    stateDir: given.state,
    slots: given.slots === undefined ? {} : { cpuSlots: given.slots },
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void agent.stop({ mode: given.onStop }));
  const end = await agent.ended;
  await agent.stop({ mode: given.onStop });
  if (end.how === "refused") throw end.error;
  if (end.how === "superseded")
    console.error("Another agent with the same key has connected; this one stops.");
  return end.how === "superseded" ? EXIT.superseded : EXIT.done;
}

async function perform(given: Arguments): Promise<number> {
  switch (given.command) {
    case "enrol":
      return runEnrol(given);
    case "run":
      return runAgent(given);
    case "status":
      return printStatus(given, (text) => console.log(text));
    case "help":
      console.log(HELP);
      return EXIT.done;
    case "version":
      console.log(AGENT_VERSION);
      return EXIT.done;
  }
}

function exitOf(error: unknown): number {
  if (!(error instanceof NebulaError)) return EXIT.failed;
  const { kind } = error.row;
  if (kind === "InvalidInput") return EXIT.usage;
  return kind === "NotAllowed" || kind === "NotFound" ? EXIT.refused : EXIT.failed;
}

function explain(error: unknown): string {
  if (!(error instanceof NebulaError))
    return `nebula-rig: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return `nebula-rig: ${error.message} [${error.code}]\n${error.row.remedy}`;
}

try {
  process.exitCode = await perform(readArguments(process.argv.slice(2)));
} catch (error) {
  console.error(explain(error));
  process.exitCode = exitOf(error);
}
