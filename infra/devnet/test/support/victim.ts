import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";

/** A process of its own that runs one of the programs in `victims/`, made to be killed. */
export interface Victim {
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
  const line = await Promise.race([once(createInterface(child.stdout), "line"), gone]);
  if (child.exitCode !== null) throw new Error(`${name} ended with status ${child.exitCode}`);
  return {
    said: JSON.parse(String(line[0])) as Record<string, unknown>, // every victim prints one JSON object
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** True while a process of that id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
