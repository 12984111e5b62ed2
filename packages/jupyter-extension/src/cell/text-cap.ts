/** Most lines of text that the notebook keeps per cell. */
export const LINES_MAX = 2_000;
/** Most characters of text that the notebook keeps per cell. */
export const CHARACTERS_MAX = 256 * 1024;

/** What was left out of the notebook; it is in the job's full log. */
export interface LeftOut {
  readonly lines: number;
  readonly bytes: number;
}

/**
 * Lets the head of a cell's text through and counts the rest. Text that `\r` overwrites does not count, so that a
 * progress bar which redraws itself for an hour stays one line.
 */
export class TextCap {
  #lines = 0;
  #characters = 0;
  #column = 0;
  #leftLines = 0;
  #leftBytes = 0;

  get leftOut(): LeftOut {
    return { lines: this.#leftLines, bytes: this.#leftBytes };
  }

  get #isFull(): boolean {
    return this.#lines >= LINES_MAX || this.#characters + this.#column >= CHARACTERS_MAX;
  }

  /** The part of `text` that still fits. */
  admit(text: string): string {
    let end = 0;
    while (end < text.length && !this.#isFull) end = this.#admitPiece(text, end);
    if (end < text.length) this.#leaveOut(text.slice(end));
    return text.slice(0, end);
  }

  /** Takes the text from `start` through the next line end or carriage return; gives where it ended. */
  #admitPiece(text: string, start: number): number {
    const room = CHARACTERS_MAX - this.#characters - this.#column;
    let end = start;
    while (end < text.length && end - start < room) {
      const character = text[end];
      end += 1;
      if (character === "\n") {
        this.#lines += 1;
        this.#characters += this.#column + (end - start);
        this.#column = 0;
        return end;
      }
      if (character === "\r") {
        this.#column = 0;
        return end;
      }
    }
    this.#column += end - start;
    return end;
  }

  #leaveOut(text: string): void {
    this.#leftBytes += new TextEncoder().encode(text).length;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#leftLines += 1;
  }
}

/** Most displays (images, tables, results) that the notebook keeps per cell. */
export const DISPLAYS_MAX = 200;
/** Most characters of JSON that the displays of a cell may have together. */
export const DISPLAY_CHARACTERS_MAX = 16 * 1024 * 1024;

/** Lets the first displays of a cell through and counts the rest. */
export class DisplayCap {
  #count = 0;
  #characters = 0;
  #leftOut = 0;

  get leftOut(): number {
    return this.#leftOut;
  }

  admit(content: unknown): boolean {
    const characters = JSON.stringify(content).length;
    if (this.#count >= DISPLAYS_MAX || this.#characters + characters > DISPLAY_CHARACTERS_MAX) {
      this.#leftOut += 1;
      return false;
    }
    this.#count += 1;
    this.#characters += characters;
    return true;
  }
}
