import { open, readFile, rename, type FileHandle } from "node:fs/promises";
import type { Journal, JournalEntry } from "../../app/ports.ts";

const CLOSED: ReadonlySet<JournalEntry["state"]> = new Set(["sealed", "lost"]);

/** Last entry of each attempt that is not closed. A line cut short by a crash, which can only be the last, counts for nothing. */
export function openEntries(text: string): readonly JournalEntry[] {
  const latest = new Map<string, JournalEntry>();
  for (const line of text.split("\n")) {
    const entry = parseLine(line);
    if (!entry) continue;
    if (CLOSED.has(entry.state)) latest.delete(entry.attempt);
    else latest.set(entry.attempt, entry);
  }
  return [...latest.values()];
}

function parseLine(line: string): JournalEntry | null {
  try {
    return JSON.parse(line) as JournalEntry; // Only this module writes the file.
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  await file.writeFile(text);
  await file.sync();
  await file.close();
}

/** The journal of a rig: append-only lines of JSON, on disk before `write` resolves; compacted when it is opened. */
export class FileJournal implements Journal, AsyncDisposable {
  /** What was open when the journal was opened. */
  readonly found: readonly JournalEntry[];
  readonly #file: FileHandle;
  #last: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, found: readonly JournalEntry[]) {
    this.#file = file;
    this.found = found;
  }

  static async open(path: string): Promise<FileJournal> {
    const found = openEntries(await readText(path));
    await writeDurably(`${path}.draft`, found.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    await rename(`${path}.draft`, path);
    return new FileJournal(await open(path, "a", 0o600), found);
  }

  write(entry: JournalEntry): Promise<void> {
    const written = this.#last.then(async () => {
      await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
      await this.#file.datasync();
    });
    // A failed write fails its caller; the next one tries again.
    this.#last = written.catch(() => undefined);
    return written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}
