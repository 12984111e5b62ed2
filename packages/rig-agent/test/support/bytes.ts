/** Bytes that grow chunk by chunk. */
export class Bytes {
  #chunks: Buffer[] = [];
  length = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  get whole(): Buffer {
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  /** Loses what comes after the first `length` bytes. */
  cutTo(length: number): void {
    this.#chunks = [this.whole.subarray(0, length)];
    this.length = this.#chunks[0]!.length;
  }

  includes(text: string): boolean {
    return this.whole.includes(text);
  }

  toString(): string {
    return this.whole.toString();
  }
}
