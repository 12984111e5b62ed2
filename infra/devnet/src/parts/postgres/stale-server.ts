import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StartFailed } from "../../errors.ts";
import { missingAsUndefined } from "../../process/private-file.ts";
import { runCommand } from "../../process/run-command.ts";

/**
 * Ends a database server that a killed campus left on `folder`, and removes its lock file once nobody holds it.
 * The number in the lock file may by now belong to any other program, so the program's arguments decide.
 */
export async function clearStaleServer(folder: string): Promise<void> {
  const lock = join(folder, "postmaster.pid");
  const text = await readFile(lock, "utf8").catch(missingAsUndefined);
  if (text === undefined) return;
  const pid = Number(text.split("\n", 1)[0]);
  if (await serves(pid, folder)) await end(pid, folder);
  await rm(lock, { force: true });
}

async function serves(pid: number, folder: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  const { stdout } = await runCommand("ps", ["-o", "args=", "-p", String(pid)]);
  return stdout.includes("postgres") && stdout.includes(folder);
}

async function end(pid: number, folder: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    process.kill(pid, signal);
    for (let tries = 0; tries < 100; tries += 1) {
      if (!(await serves(pid, folder))) return;
      await delay(50);
    }
  }
  throw new StartFailed("postgres", `A database server left from before (process ${pid}) does not end.`, {
    remedy: `Run: kill -QUIT ${pid}, then start again.`,
  });
}
