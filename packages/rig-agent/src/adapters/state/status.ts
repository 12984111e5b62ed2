import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FILE = "status.json";

/** What the running agent last said of itself. */
export interface AgentStatus {
  readonly pid: number;
  readonly rigId: string;
  readonly connected: boolean;
  readonly slots: number;
  readonly slotsFree: number;
  readonly attempts: readonly { readonly attempt: string; readonly state: string }[];
  readonly measuredGflops: number;
}

export async function writeStatus(stateDir: string, status: AgentStatus): Promise<void> {
  const path = join(stateDir, FILE);
  await writeFile(`${path}.draft`, JSON.stringify(status), { mode: 0o600 });
  await rename(`${path}.draft`, path);
}

/** Null when no agent has run here. */
export async function readStatus(stateDir: string): Promise<AgentStatus | null> {
  try {
    return JSON.parse(await readFile(join(stateDir, FILE), "utf8")) as AgentStatus; // Only `writeStatus` writes it.
  } catch {
    return null;
  }
}
