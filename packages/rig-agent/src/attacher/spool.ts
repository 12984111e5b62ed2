import { closeSync, openSync, readSync, rmSync, writevSync } from "node:fs";
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

class SpoolFile {
  readonly path: string;
  readonly #descriptor: number;
  #pending: Buffer[] = [];
  #size = 0;

  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, "a+", MODE);
  }

  get size(): number {
    return this.#size;
  }

  add(bytes: Buffer): void {
    this.#pending.push(bytes);
  }

  /** Writes what was added. Waits while the disk is full, then throws. */
  async flush(): Promise<void> {
    for (let waitedMs = 0; this.#pending.length > 0;) {
      try {
        this.#write();
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

  #write(): void {
    let written = writevSync(this.#descriptor, this.#pending.slice(0, VECTORS_MAX));
    this.#size += written;
    let whole = 0;
    for (const part of this.#pending) {
      if (part.length > written) break;
      written -= part.length;
      whole += 1;
    }
    this.#pending.splice(0, whole);
    const first = this.#pending[0];
    if (first) this.#pending[0] = first.subarray(written);
  }
}

/** The attempt's output on disk. Bytes handed in stay in memory until `flush`. */
export class Spool implements TranscriptSink {
  readonly #events = new SpoolFile(ATTEMPT_FILES.events);
  readonly #stderr = new SpoolFile(ATTEMPT_FILES.stderr);
  readonly #tail = new Map<number, SpoolFile>();

  /** Bytes on disk. */
  get sizes(): { readonly events: number; readonly stderr: number } {
    return { events: this.#events.size, stderr: this.#stderr.size };
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

  dropTail(segment: number): void {
    this.#tail.get(segment)?.remove();
    this.#tail.delete(segment);
  }

  async flush(): Promise<void> {
    await this.#events.flush();
    await this.#stderr.flush();
    for (const file of this.#tail.values()) await file.flush();
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
