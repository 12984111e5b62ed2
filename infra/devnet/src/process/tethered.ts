import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program to run. */
export interface ProcessPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** Receives standard output and error; the log of the run before is kept beside it as `*.1`. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Runs the program as this user; only root may. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Asks the program to end in its own orderly way; default SIGTERM. */
  readonly stopSignal?: "SIGINT" | "SIGTERM";
  /** Time for an orderly end before SIGKILL, milliseconds; default 10,000. */
  readonly graceMs?: number;
}

/** A running program that cannot outlive this process. Disposing stops it and waits until it is gone. */
export interface TetheredProcess extends AsyncDisposable {
  readonly pid: number;
  readonly exited: Promise<Exit>;
}

// A watcher beside the program reads a pipe that only this process holds open. When this process ends, even by
// SIGKILL, the pipe closes and the watcher ends the program. $$ stays the program's pid across `exec`.
const TETHER = `
exec 3<&0 </dev/null
signal=$1; tries=$2; shift 2
( trap '' INT TERM HUP
  read -r _ <&3
  kill -s "$signal" $$
  while [ "$tries" -gt 0 ] && kill -0 $$; do sleep 0.2; tries=$((tries - 1)); done
  kill -s KILL $$
) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`;

/** Starts a program in its own process group, so that Ctrl-C in the terminal reaches this process alone. */
export function spawnTethered(plan: ProcessPlan): TetheredProcess {
  const graceMs = plan.graceMs ?? 10_000;
  const stopSignal = plan.stopSignal ?? "SIGTERM";
  const child = launch(plan, [stopSignal.slice(3), String(Math.ceil(graceMs / 200))]);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`no process for ${plan.command}`);
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      killGroup(pid);
      child.stdin?.destroy();
      resolve({ code, signal });
    });
  });
  child.stdin?.on("error", () => undefined);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(stopSignal);
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return { pid, exited, [Symbol.asyncDispose]: stop };
}

function launch(plan: ProcessPlan, tether: readonly string[]): ChildProcess {
  const log = openLog(plan.logFile);
  try {
    return spawn("/bin/sh", ["-c", TETHER, "tether", ...tether, plan.command, ...plan.args], {
      stdio: ["pipe", log, log],
      detached: true,
      env: plan.env ?? process.env,
      ...(plan.cwd === undefined ? {} : { cwd: plan.cwd }),
      ...(plan.user ?? {}),
    });
  } finally {
    closeSync(log);
  }
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file)) renameSync(file, `${file}.1`);
  return openSync(file, "a", 0o600);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
