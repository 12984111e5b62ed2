import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";

/** A process of its own that runs one of the programs in `victims/`, made to be killed. Disposing kills it too. */
export interface Victim extends AsyncDisposable {
  /** The first line it printed, as JSON. */
  readonly said: Record<string, unknown>;
  /** Ends it by SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts a victim and waits for its first line. */
export async function startVictim(name: string, args: readonly string[]): Promise<Victim> {
  const file = join(import.meta.dirname, "../victims", name);
  const options = ["--conditions=@nebula/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  const lines = createInterface(child.stdout);
  const line = await Promise.race([once(lines, "line"), gone]);
  if (child.exitCode !== null) throw new Error(`${name} ended with status ${String(child.exitCode)}`);
  const said = JSON.parse(String(line[0])) as Record<string, unknown>; // every victim prints one JSON object
  return { said, kill, [Symbol.asyncDispose]: kill };
}

/** True while a process of that id runs; one that has ended and is only waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = existsSync(`/proc/${String(pid)}/stat`)
    ? readFileSync(`/proc/${String(pid)}/stat`, "latin1")
    : "";
  return !/\) Z /.test(status);
}
