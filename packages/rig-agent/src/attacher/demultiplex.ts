/** The engine's stream of a container without a terminal: blocks of 1 byte stream, 3 zero, 4 length (big endian), then payload. */
export type BlockStream = "stdout" | "stderr";

const HEADER_BYTES = 8;
const STDERR = 2;

/** Splits the engine's attach stream into the container's two streams, flat in memory: payload is handed on as it comes. */
export class Demultiplexer {
  readonly #onBytes: (stream: BlockStream, bytes: Buffer) => void;
  #header = Buffer.alloc(0);
  #left = 0;
  #stream: BlockStream = "stdout";

  constructor(onBytes: (stream: BlockStream, bytes: Buffer) => void) {
    this.#onBytes = onBytes;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#left > 0 ? this.#payload(rest) : this.#head(rest);
  }

  #payload(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    this.#onBytes(this.#stream, part);
    return bytes.subarray(part.length);
  }

  #head(bytes: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#header.length;
    const header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (header.length < HEADER_BYTES) {
      this.#header = header;
      return bytes.subarray(bytes.length);
    }
    this.#header = Buffer.alloc(0);
    this.#stream = header[0] === STDERR ? "stderr" : "stdout";
    this.#left = header.readUInt32BE(4);
    return bytes.subarray(missing);
  }
}
