import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { StartFailed } from "../errors.ts";
import { nodeProgram } from "../process/node-program.ts";
import { runCommand } from "../process/run-command.ts";
import { spawnTethered } from "../process/tethered.ts";
import type { TetheredProcess } from "../process/tethered.ts";

const AGENT = "packages/rig-agent/src/main.ts";

export interface RigOptions {
  readonly serverUrl: string;
  readonly name: string;
  /** Keys, journal and spools of the rig. */
  readonly stateFolder: string;
  readonly logFile: string;
  /** Gives a code with which the rig enrols; asked only when it has not enrolled yet. */
  readonly enrolmentCode: () => Promise<string>;
  readonly watch?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running rig agent. Disposing ends its attempts and removes their containers. */
export interface RigHandle extends AsyncDisposable {
  readonly pid: number;
  readonly exited: TetheredProcess["exited"];
}

async function enrol(options: RigOptions): Promise<void> {
  if (existsSync(join(options.stateFolder, "identity.json"))) return;
  const args = [
    "enrol",
    "--server",
    options.serverUrl,
    "--code",
    await options.enrolmentCode(),
    "--name",
    options.name,
    "--state",
    options.stateFolder,
  ];
  const { command, args: all } = nodeProgram(AGENT, args);
  const { status, stdout, stderr } = await runCommand(command, all, { timeoutMs: 60_000 });
  if (status !== 0)
    throw new StartFailed("campus", "The local rig could not enrol.", {
      remedy: `It said: ${(stderr + stdout).trim()}`,
    });
}

/** Enrols the rig at its first start, then runs its agent. */
export async function startRig(options: RigOptions): Promise<RigHandle> {
  await mkdir(options.stateFolder, { recursive: true, mode: 0o700 });
  await enrol(options);
  const program = nodeProgram(AGENT, ["run", "--state", options.stateFolder, "--on-stop", "end"], {
    watch: options.watch ?? false,
  });
  const env = { ...process.env, ...options.env };
  const agent = spawnTethered({ ...program, logFile: options.logFile, env, graceMs: 20_000 });
  return { pid: agent.pid, exited: agent.exited, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() };
}
