import { readdir, readFile, readlink } from "node:fs/promises";

async function allProcesses(): Promise<string[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
}

/** Process ids of those that work in the folder of one attempt: its attacher. */
export async function attachersOf(attempt: string): Promise<number[]> {
  const pids = await allProcesses();
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return pids.filter((_, index) => folders[index]?.endsWith(`/${attempt}`)).map(Number);
}

async function parentOf(pid: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
}

/** A process and all that it has started, the process first. */
export async function withDescendants(root: number): Promise<number[]> {
  const pids = await allProcesses();
  const parents = await Promise.all(pids.map(parentOf));
  const childrenOf = (pid: number): number[] =>
    pids
      .filter((_, index) => parents[index] === pid)
      .flatMap((child) => [Number(child), ...childrenOf(Number(child))]);
  return [root, ...childrenOf(root)];
}

/** Ends a process by SIGKILL unless it has gone already. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended since it was listed.
  }
}
