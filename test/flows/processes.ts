import { readdir, readlink } from "node:fs/promises";

/** Process ids of those that work in the folder of one attempt: its attacher. */
export async function attachersOf(attempt: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return pids.filter((_, index) => folders[index]?.endsWith(`/${attempt}`)).map(Number);
}
