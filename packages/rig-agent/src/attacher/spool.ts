import { closeSync, openSync, readSync, rmSync, writev } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ClosingPart, TranscriptSink } from "../domain/transcript.ts";
import { ATTEMPT_FILES } from "./records.ts";

const MODE = 0o600;
const DISK_FULL_RETRY_MS = 250;
/** Longest that a full disk stops the reading of output. */
const DISK_FULL_WAIT_MS = 30_000;
const VECTORS_MAX = 512;
const COPY_BYTES = 256 * 1024;

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

async function writeVector(descriptor: number, parts: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, parts, (error, written) => (error ? reject(error) : resolve(written)));
  });
}

class SpoolFile {
  readonly path: string;
  readonly #descriptor: number;
  #unwritten: Buffer[] = [];
  #unwrittenBytes = 0;
  #size = 0;

  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, "a+", MODE);
  }

  get size(): number {
    return this.#size;
  }

  get unwrittenBytes(): number {
    return this.#unwrittenBytes;
  }

  add(bytes: Buffer): void {
    this.#unwritten.push(bytes);
    this.#unwrittenBytes += bytes.length;
  }

  /** Writes what was added, also meanwhile. Waits while the disk is full, then throws. */
  async flush(): Promise<void> {
    for (let waitedMs = 0; this.#unwritten.length > 0;) {
      try {
        await this.#write();
      } catch (error) {
        if (!isDiskFull(error) || waitedMs >= DISK_FULL_WAIT_MS) throw error;
        await delay(DISK_FULL_RETRY_MS);
        waitedMs += DISK_FULL_RETRY_MS;
      }
    }
  }

  /** At most `COPY_BYTES` bytes from `offset`; empty at the end. */
  read(offset: number): Buffer {
    const bytes = Buffer.allocUnsafe(COPY_BYTES);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, COPY_BYTES, offset));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  remove(): void {
    this.close();
    rmSync(this.path, { force: true });
  }

  async #write(): Promise<void> {
    let written = await writeVector(this.#descriptor, this.#unwritten.slice(0, VECTORS_MAX));
    this.#size += written;
    this.#unwrittenBytes -= written;
    let whole = 0;
    for (const part of this.#unwritten) {
      if (part.length > written) break;
      written -= part.length;
      whole += 1;
    }
    this.#unwritten.splice(0, whole);
    const first = this.#unwritten[0];
    if (first && written > 0) this.#unwritten[0] = first.subarray(written);
  }
}

/** The attempt's output on disk. Bytes handed in stay in memory until `flush`; one flush runs at a time. */
export class Spool implements TranscriptSink {
  readonly #events = new SpoolFile(ATTEMPT_FILES.events);
  readonly #stderr = new SpoolFile(ATTEMPT_FILES.stderr);
  readonly #tail = new Map<number, SpoolFile>();
  #dropped: SpoolFile[] = [];

  /** Bytes on disk. */
  get sizes(): { readonly events: number; readonly stderr: number } {
    return { events: this.#events.size, stderr: this.#stderr.size };
  }

  /** Bytes that are still in memory only. */
  get unwrittenBytes(): number {
    let bytes = this.#events.unwrittenBytes + this.#stderr.unwrittenBytes;
    for (const file of this.#tail.values()) bytes += file.unwrittenBytes;
    return bytes;
  }

  events(line: Buffer): void {
    this.#events.add(line);
  }

  stderr(bytes: Buffer): void {
    this.#stderr.add(bytes);
  }

  tail(segment: number, line: Buffer): void {
    let file = this.#tail.get(segment);
    if (!file) {
      file = new SpoolFile(`tail-${String(segment)}`);
      this.#tail.set(segment, file);
    }
    file.add(line);
  }

  // A write to the segment may be under way: the next flush removes it.
  dropTail(segment: number): void {
    const file = this.#tail.get(segment);
    if (!file) return;
    this.#tail.delete(segment);
    this.#dropped.push(file);
  }

  async flush(): Promise<void> {
    for (const file of this.#dropped.splice(0)) file.remove();
    await this.#events.flush();
    await this.#stderr.flush();
    for (const file of [...this.#tail.values()]) await file.flush();
  }

  /** Ends the events with `parts` and closes the files. */
  async close(parts: readonly ClosingPart[]): Promise<void> {
    await this.flush();
    for (const part of parts) {
      if ("bytes" in part) this.#events.add(part.bytes);
      else await this.#append(part.segment);
    }
    await this.flush();
    for (const file of this.#tail.values()) file.remove();
    this.#events.close();
    this.#stderr.close();
  }

  async #append(segment: number): Promise<void> {
    const file = this.#tail.get(segment);
    if (!file) return;
    for (let offset = 0, part = file.read(0); part.length > 0; part = file.read(offset)) {
      this.#events.add(part);
      await this.#events.flush();
      offset += part.length;
    }
  }
}
