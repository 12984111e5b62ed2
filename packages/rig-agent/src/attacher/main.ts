import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { setPriority, uptime } from "node:os";
import { createInterface } from "node:readline/promises";
import { Engine } from "./engine.ts";
import { ATTEMPT_FILES, type AttacherPlan, type ExitRecord } from "./records.ts";
import { Run } from "./run.ts";

/*
 * One small process per attempt, in a session of its own. It is told the attempt's folder on its standard input, then holds the
 * container's streams and outlives the agent: an agent that restarts or is upgraded loses no byte.
 */

/** The folder of the attempt; null when the agent has gone before there was one. */
async function readFolder(): Promise<string | null> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return null;
}

function writeExit(record: ExitRecord): void {
  const draft = `${ATTEMPT_FILES.exit}.draft`;
  const file = openSync(draft, "w", 0o600);
  writeFileSync(file, JSON.stringify(record));
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, ATTEMPT_FILES.exit);
}

const isAbandoned = (): boolean => existsSync(ATTEMPT_FILES.exit);

async function attach(): Promise<void> {
  if (isAbandoned()) return;
  const plan = JSON.parse(readFileSync(ATTEMPT_FILES.plan, "utf8")) as AttacherPlan; // Written by the agent.
  const run = new Run({
    plan,
    document: readFileSync(ATTEMPT_FILES.document, "utf8"),
    engine: new Engine(plan.engineSocket),
    bootMs: () => uptime() * 1000,
    monotoneMs: () => performance.now(),
    isAbandoned,
  });
  const ended = run.perform();
  await run.control.listen();
  process.stdout.on("error", () => undefined);
  process.stdout.write("up\n");
  const record = await ended;
  if (!isAbandoned()) writeExit(record);
  run.control.close({ t: "exited" });
}

/** Output is thrown away by the engine when it is not read in time: reading comes before other work, where the system allows that. */
function preferReading(): void {
  try {
    setPriority(-5);
  } catch {
    // Only root may.
  }
}

process.umask(0o077);
preferReading();
// The agent may be stopped by a signal to its whole group or terminal; the run goes on.
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);
const folder = await readFolder();
if (folder !== null) {
  process.chdir(folder);
  try {
    await attach();
  } catch (error) {
    appendFileSync(
      ATTEMPT_FILES.log,
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
