import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { missingAsUndefined, writeDurably } from "../../process/private-file.ts";

/** The chain's state after the first `coversBytes` bytes of the journal. */
export interface Snapshot {
  readonly coversBytes: number;
  /** What the node gave, 0x-prefixed hex. */
  readonly state: string;
}

/** Replaces the snapshot as a whole: a crash leaves the old one or the new one. */
export async function writeSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  await writeDurably(file, `${snapshot.coversBytes} ${digest(snapshot)}\n`, snapshot.state);
}

/** The snapshot; undefined when there is none, or when it is damaged (the journal alone then rebuilds the chain). */
export async function readSnapshot(file: string): Promise<Snapshot | undefined> {
  const text = await readFile(file, "latin1").catch(missingAsUndefined);
  if (text === undefined) return undefined;
  const end = text.indexOf("\n");
  const [covers = "", sum = ""] = text.slice(0, Math.max(end, 0)).split(" ");
  const snapshot = { coversBytes: Number(covers), state: text.slice(end + 1) };
  return covers !== "" && digest(snapshot) === sum ? snapshot : undefined;
}

function digest(snapshot: Snapshot): string {
  return createHash("sha256").update(`${snapshot.coversBytes} `).update(snapshot.state).digest("hex");
}
