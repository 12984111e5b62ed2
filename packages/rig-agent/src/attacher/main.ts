import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { Engine } from "./engine.ts";
import { ATTEMPT_FILES, type AttacherPlan, type ExitRecord } from "./records.ts";
import { Run } from "./run.ts";

/*
 * One small process per attempt, started in the attempt's folder and in a session of its own. It holds the container's streams and
 * outlives the agent: an agent that restarts or is upgraded loses no byte.
 */

function writeExit(record: ExitRecord): void {
  const draft = `${ATTEMPT_FILES.exit}.draft`;
  const file = openSync(draft, "w", 0o600);
  writeFileSync(file, JSON.stringify(record));
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, ATTEMPT_FILES.exit);
}

const isAbandoned = (): boolean => existsSync(ATTEMPT_FILES.exit);

async function main(): Promise<void> {
  process.umask(0o077);
  // The agent may be stopped by a signal to its whole group or terminal; the run goes on.
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);
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

await main();
