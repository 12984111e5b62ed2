import { setTimeout as delay } from "node:timers/promises";
import { writeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** Writes snapshots as the chain grows. Disposing writes a last one. */
export interface SnapshotKeeper extends AsyncDisposable {
  /** Says that the chain has grown. */
  noteChange(): void;
}

export interface SnapshotKeeperOptions {
  readonly file: string;
  readonly dump: () => Promise<Snapshot>;
  readonly log: (line: string) => void;
}

const PAUSE_MS = 1_000;
/** A dump grows with the chain; at most this share of the time goes into dumping. */
const BUSY_SHARE = 0.05;

/** Writes at most one snapshot a second, and fewer once each takes long. */
export function snapshotKeeper(options: SnapshotKeeperOptions): SnapshotKeeper {
  const stopping = new AbortController();
  let changed = false;
  let writing: Promise<void> | undefined;

  async function write(): Promise<number> {
    changed = false;
    const start = performance.now();
    try {
      await writeSnapshot(options.file, await options.dump());
    } catch (error) {
      options.log(`no snapshot of the chain was written, the journal alone keeps it: ${String(error)}`);
    }
    return performance.now() - start;
  }

  async function writeWhileChanging(): Promise<void> {
    let pauseMs = PAUSE_MS;
    while (changed && !stopping.signal.aborted) {
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      pauseMs = Math.max(PAUSE_MS, (await write()) / BUSY_SHARE);
    }
    writing = undefined;
  }

  return {
    noteChange() {
      changed = true;
      writing ??= writeWhileChanging();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await writing;
      if (changed) await write();
    },
  };
}
