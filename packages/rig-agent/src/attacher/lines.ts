const LINE_END = 10;

/** Cuts bytes into lines that keep their line end. A line longer than `lineBytesMax` is no frame: its bytes are handed on as they come. */
export class LineSplitter {
  readonly #onLine: (line: Buffer) => void;
  readonly #onOverlong: (bytes: Buffer) => void;
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #size = 0;
  #isOverlong = false;

  constructor(options: {
    lineBytesMax: number;
    onLine: (line: Buffer) => void;
    onOverlong: (bytes: Buffer) => void;
  }) {
    this.#lineBytesMax = options.lineBytesMax;
    this.#onLine = options.onLine;
    this.#onOverlong = options.onOverlong;
  }

  push(bytes: Buffer): void {
    let from = 0;
    for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, from)) {
      this.#end(bytes.subarray(from, end + 1));
      from = end + 1;
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }

  /** What came after the last line end: an unfinished line. */
  finish(): void {
    if (this.#size > 0) this.#onOverlong(this.#take());
  }

  #end(last: Buffer): void {
    if (this.#isOverlong) {
      this.#isOverlong = false;
      this.#onOverlong(last);
      return;
    }
    if (this.#size === 0) {
      this.#onLine(last);
      return;
    }
    this.#parts.push(last);
    this.#onLine(this.#take());
  }

  #keep(part: Buffer): void {
    if (this.#isOverlong) {
      this.#onOverlong(part);
      return;
    }
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size <= this.#lineBytesMax) return;
    this.#isOverlong = true;
    this.#onOverlong(this.#take());
  }

  #take(): Buffer {
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return line;
  }
}
