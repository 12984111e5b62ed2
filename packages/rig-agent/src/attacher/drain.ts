import type { Readable } from "node:stream";

/** Bytes in memory above which reading pauses, and below which it goes on. */
const HELD_BYTES_MAX = 8 * 1024 * 1024;
const HELD_BYTES_LOW = 2 * 1024 * 1024;
/** Ways in which a stream ends when the container does. */
const CLOSED_CODES: ReadonlySet<unknown> = new Set(["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"]);

export interface DrainTarget {
  take(bytes: Buffer): void;
  /** Writes down what was taken; one at a time. */
  flush(): Promise<void>;
  /** Bytes taken and not written down. */
  heldBytes(): number;
}

/**
 * Reads a stream to its end. Reading does not wait for the disk until `HELD_BYTES_MAX` are held: when a container ends, its engine
 * gives a reader two seconds for what is left in its buffers, one megabyte, and then throws the rest away. Throws what goes wrong,
 * but not that the stream has closed.
 */
export async function drain(stream: Readable, target: DrainTarget): Promise<void> {
  let flushing: Promise<void> | null = null;
  await new Promise<void>((resolve, reject) => {
    const flush = async (): Promise<void> => {
      while (target.heldBytes() > 0) {
        await target.flush();
        if (stream.isPaused() && target.heldBytes() < HELD_BYTES_LOW) stream.resume();
      }
    };
    stream.on("data", (bytes: Buffer) => {
      target.take(bytes);
      if (target.heldBytes() > HELD_BYTES_MAX) stream.pause();
      flushing ??= flush()
        .catch(reject)
        .finally(() => (flushing = null));
    });
    stream.once("end", resolve);
    stream.once("close", resolve);
    stream.once("error", (error) =>
      "code" in error && CLOSED_CODES.has(error.code) ? resolve() : reject(error),
    );
  });
  await Promise.resolve(flushing);
}
