import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { StartFailed } from "../../errors.ts";
import { syncFolder } from "../../process/private-file.ts";

/** A signed transaction and the time of the block it goes into. */
export interface JournalEntry {
  /** Unix seconds, never falling from one entry to the next. */
  readonly at: number;
  /** The signed transaction, 0x-prefixed lower-case hex. */
  readonly raw: string;
}

/**
 * The list of every transaction the chain was ever given, in order, each on disk before the chain saw it.
 *
 * - An entry is either whole or absent: bytes after the last line end were never acted upon and are cut off.
 * - Genesis and journal together give the same chain again, block hashes included.
 */
export interface Journal extends AsyncDisposable {
  /** Length in bytes; what a snapshot covers is a prefix of this length. */
  readonly sizeBytes: number;
  /** Resolves once the entry is on disk. */
  append(entry: JournalEntry): Promise<void>;
  /** Entries after the first `fromByte` bytes. */
  entriesFrom(fromByte: number): AsyncIterable<JournalEntry>;
}

const LINE = /^([0-9]+) (0x[0-9a-f]+)$/;
const NEWLINE = 0x0a;

/** Opens or creates the journal, and cuts off what a crash left half written. */
export async function openJournal(file: string): Promise<Journal> {
  const handle = await open(file, "a+", 0o600);
  let size = await cutTornTail(handle);
  await handle.sync();
  await syncFolder(dirname(file));
  return {
    get sizeBytes() {
      return size;
    },
    async append(entry) {
      const line = Buffer.from(`${entry.at} ${entry.raw}\n`);
      try {
        await handle.appendFile(line);
        await handle.datasync();
      } catch (error) {
        await handle.truncate(size); // a full disk may have taken half of the line
        throw error;
      }
      size += line.length;
    },
    entriesFrom: (fromByte) => entries(file, fromByte, size),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function cutTornTail(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const block = Buffer.alloc(64 << 10);
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const last = block.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    end = last < 0 ? start : start + last + 1;
    if (last >= 0) break;
  }
  if (end < size) await handle.truncate(end);
  return end;
}

async function* entries(file: string, fromByte: number, toByte: number): AsyncGenerator<JournalEntry> {
  if (fromByte >= toByte) return;
  await using handle = await open(file, "r");
  const stream = handle.createReadStream({
    start: fromByte,
    end: toByte - 1,
    encoding: "latin1",
    autoClose: false,
  });
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield parse(line, file);
  }
}

function parse(line: string, file: string): JournalEntry {
  const [, at, raw] = LINE.exec(line) ?? [];
  if (at !== undefined && raw !== undefined) return { at: Number(at), raw };
  throw new StartFailed("chain", `The chain's journal ${file} holds a line that is no transaction.`, {
    remedy: "Restore the file from a copy, or run: npm run reset, which forgets the chain.",
  });
}
