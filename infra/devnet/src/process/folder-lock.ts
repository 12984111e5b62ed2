import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StartFailed } from "../errors.ts";
import type { PartName } from "../errors.ts";
import { missingAsUndefined } from "./private-file.ts";

const NAME = "in-use";

/**
 * Takes a state folder for this process; disposing gives it back. A lock whose process is gone counts for nothing, also
 * when another program has got that process's number. Throws `StartFailed` while a living process holds it.
 */
export async function lockFolder(folder: string, part: PartName): Promise<AsyncDisposable> {
  const file = join(folder, NAME);
  const mine = await identity(process.pid);
  for (;;) {
    if (await created(file, mine)) return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    const holder = (await readFile(file, "utf8").catch(missingAsUndefined)) ?? "";
    const pid = Number.parseInt(holder, 10);
    if (pid > 0 && holder === (await identity(pid))) throw inUse(folder, part, pid);
    await rm(file, { force: true });
  }
}

async function created(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** A process's number and the moment it began (clock ticks since boot; empty where the system does not tell). */
async function identity(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, "latin1").catch(() => "");
  const fieldsFromState = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return `${String(pid)} ${fieldsFromState[19] ?? ""}\n`;
}

function inUse(folder: string, part: PartName, pid: number): StartFailed {
  return new StartFailed(part, `${folder} belongs to a campus that runs already (process ${String(pid)}).`, {
    remedy: "Use that one, or stop it first.",
  });
}
