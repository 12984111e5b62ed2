import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HELP, readOptions } from "./cli/options.ts";
import type { StartOptions } from "./cli/options.ts";
import { tellSteps } from "./cli/steps.ts";
import type { StepTeller } from "./cli/steps.ts";
import { welcome } from "./cli/welcome.ts";
import { startCampus } from "./campus/campus.ts";
import type { CampusHandle } from "./campus/campus.ts";
import { portsFrom } from "./campus/ports.ts";
import { runningCampus } from "./campus/running.ts";
import { jsonOf, summaryOf, tellDemo } from "./demo/tell-demo.ts";
import { runDemo } from "./demo/run-demo.ts";
import { demoClient } from "./demo/session.ts";
import { DEFAULT_HOME, REPOSITORY } from "./process/repository.ts";
import { untilStopped } from "./cli/until-stopped.ts";
import { runSetup } from "./setup/index.ts";

const LESSON = join(REPOSITORY, "courses/01-cnn/01-cnn.ipynb");
const PROOF_FILE = join(DEFAULT_HOME, "state", "proof-of-life");

/** Sets the machine up and starts a campus. */
async function bringUp(options: StartOptions, teller: StepTeller): Promise<CampusHandle> {
  await runSetup({ for: "start", log: (line) => teller.line(line) });
  const { watch } = options;
  return startCampus({
    home: DEFAULT_HOME,
    ports: portsFrom(options.portBase),
    step: (name, work) => teller.step(name, work),
    log: (line) => teller.line(`    ${line}`),
    withLab: !options.once,
    watch,
  });
}

/** Runs one notebook as a paid job of the demo student. True when it finished and its receipt holds. */
async function demonstrate(
  serverUrl: string,
  options: Pick<StartOptions, "json" | "notebook">,
  { out, stop }: { readonly out: NodeJS.WriteStream; readonly stop: AbortSignal },
): Promise<boolean> {
  await using client = await demoClient(serverUrl, "ada");
  const listener = tellDemo((text) => void out.write(text));
  const result = await runDemo(client, options.notebook ?? LESSON, { ...listener, signal: stop });
  out.write(`\n${summaryOf(result)}`);
  if (options.json) process.stdout.write(`${JSON.stringify(jsonOf(result), undefined, 2)}\n`);
  return (
    result.verification.verified &&
    result.job.failure === null &&
    result.artefacts.every(({ matches }) => matches)
  );
}

async function runOnce(options: StartOptions, stop: AbortSignal): Promise<number> {
  const out = options.json ? process.stderr : process.stdout;
  const running = await runningCampus(portsFrom(options.portBase));
  await using campus = running === null ? await bringUp(options, tellSteps(out)) : null;
  const serverUrl = running ?? campus?.serverUrl ?? "";
  if (running !== null) out.write(`Using the campus that runs at ${running}\n`);
  const isDone = await demonstrate(serverUrl, options, { out, stop });
  return isDone ? 0 : 1;
}

async function proveLife(campus: CampusHandle, teller: StepTeller, stop: AbortSignal): Promise<void> {
  if (existsSync(PROOF_FILE)) return;
  teller.line("\nProof of life: the first lesson, as a paid job of the demo student ada");
  const options = { json: false, notebook: null };
  if (!(await demonstrate(campus.serverUrl, options, { out: process.stdout, stop }))) {
    throw new Error("The first lesson did not run to a verified receipt; see above and .nebula/logs");
  }
  await writeFile(PROOF_FILE, "");
}

async function stay(options: StartOptions, stop: AbortSignal): Promise<number> {
  const teller = tellSteps(process.stdout);
  await using campus = await bringUp(options, teller);
  const stopped = untilStopped(stop);
  if (options.proof) await proveLife(campus, teller, stop);
  teller.line(welcome(campus));
  const ended = Promise.race([
    campus.server().exited.then(() => "server"),
    campus.rig().exited.then(() => "rig agent"),
  ]);
  const gone = await Promise.race([stopped.then(() => null), ended]);
  if (gone !== null) throw new Error(`The ${gone} ended by itself; the end of its log is in .nebula/logs`);
  teller.line("\nStopping …");
  return 0;
}

async function main(args: readonly string[], stop: AbortSignal): Promise<number> {
  let options: StartOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  return options.once ? runOnce(options, stop) : stay(options, stop);
}

const STOPPED = "Stopped. The Docker Engine is a service of the machine and goes on.\n";

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
try {
  process.exitCode = await main(process.argv.slice(2), stopping.signal);
  if (stopping.signal.aborted) process.stderr.write(STOPPED);
} catch (error) {
  process.exitCode = stopping.signal.aborted ? 130 : 1;
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(stopping.signal.aborted ? STOPPED : `\n✘ ${text}\n`);
}
