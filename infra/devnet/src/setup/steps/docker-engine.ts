import { existsSync, mkdirSync, openSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Docker from "dockerode";
import { StartFailed } from "../../errors.ts";
import { runCommand } from "../../process/run-command.ts";
import { installCommands } from "../debian-packages.ts";
import { findProgram } from "../find-program.ts";
import { readSystem, runAsRoot } from "../privilege.ts";
import { missing, ready } from "../step.ts";
import type { SetupContext, SetupStep } from "../step.ts";

/** How long a starting engine may take to answer. */
const START_MS = 30_000;

/** A Docker Engine that answers this process, and its command line. */
export const dockerEngine: SetupStep = {
  name: "Docker Engine",
  purposes: ["start", "tests"],
  async check() {
    const version = await engineVersion();
    if (version instanceof Error) return missing(faultOf(version));
    return (await findProgram("docker")) === undefined
      ? missing("its command `docker` is not installed")
      : ready(version);
  },
  packages: async () =>
    (await findProgram("dockerd")) !== undefined && (await findProgram("docker")) !== undefined
      ? []
      : await packageNames(),
  async install(context) {
    if (!((await engineVersion()) instanceof Error)) return;
    if (!(await isRunning())) await startEngine(context);
    await untilItAnswers();
  },
  async remedy() {
    const version = await engineVersion();
    if (version instanceof Error && isDenied(version))
      return ["sudo usermod -aG docker $USER   # then sign out and in again"];
    return [
      ...installCommands(await packageNames()),
      "sudo systemctl enable --now docker   # without systemd: sudo dockerd &",
    ];
  },
};

async function engineVersion(): Promise<string | Error> {
  try {
    return (await new Docker().version()).Version;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function faultOf(error: Error): string {
  return isDenied(error) ? "this user may not use it" : "none answers";
}

function isDenied(error: Error): boolean {
  return "code" in error && error.code === "EACCES";
}

// Debian split the command line from the engine after release 12.
async function packageNames(): Promise<readonly string[]> {
  const { id, version } = await readSystem();
  return id === "debian" && version >= 13 ? ["docker.io", "docker-cli"] : ["docker.io"];
}

// A second daemon would tear down the first one's network.
async function isRunning(): Promise<boolean> {
  return (await runCommand("pgrep", ["-x", "dockerd"])).status === 0;
}

async function startEngine({ privilege, home, log }: SetupContext): Promise<void> {
  if (existsSync("/run/systemd/system")) {
    await runAsRoot(privilege, "systemctl", ["start", "docker"]);
    return;
  }
  if (privilege !== "root")
    throw new StartFailed("setup", "No Docker Engine runs.", { remedy: "Run: sudo dockerd &" });
  const folder = join(home, "logs");
  mkdirSync(folder, { recursive: true });
  const output = openSync(join(folder, "dockerd.log"), "a");
  spawn((await findProgram("dockerd")) ?? "dockerd", [], {
    detached: true,
    stdio: ["ignore", output, output],
  }).unref();
  log("started dockerd; as a service of this machine it goes on when the campus stops");
}

async function untilItAnswers(): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (!((await engineVersion()) instanceof Error)) return;
    await delay(100);
  }
  throw new StartFailed("setup", `The Docker Engine did not answer within ${START_MS / 1000} s.`, {
    remedy: "Look at its log.",
  });
}
