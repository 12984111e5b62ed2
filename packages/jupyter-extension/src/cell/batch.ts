import type { IDisposable } from "@lumino/disposable";
import type { TranscriptEvent } from "@nebula/protocol";

type Frame = TranscriptEvent["frame"];

/** Least time between two writes to the notebook, in milliseconds: an append costs the more the longer the text is. */
export const BATCH_MS = 100;

function isContinued(before: Frame | undefined, frame: Frame): before is Extract<Frame, { t: "stream" }> {
  if (before?.t !== "stream" || frame.t !== "stream") return false;
  return before.cell === frame.cell && before.content.name === frame.content.name;
}

/** Joins neighbouring stream frames of the same cell and name. */
export function joinStreams(frames: readonly Frame[]): Frame[] {
  const out: Frame[] = [];
  // Gathered apart and joined once: adding to one string again and again costs more with every frame.
  const texts = new Map<number, string[]>();
  for (const frame of frames) {
    if (isContinued(out.at(-1), frame) && frame.t === "stream") {
      texts.get(out.length - 1)?.push(frame.content.text);
      continue;
    }
    out.push(frame);
    if (frame.t === "stream") texts.set(out.length - 1, [frame.content.text]);
  }
  for (const [at, parts] of texts) {
    const frame = out[at];
    if (frame?.t === "stream" && parts.length > 1)
      out[at] = { ...frame, content: { ...frame.content, text: parts.join("") } };
  }
  return out;
}

/** Gathers frames and hands them on joined: at once after a quiet time, else at most every `BATCH_MS`. */
export class Batch implements IDisposable {
  readonly #write: (frames: readonly Frame[]) => void;
  #waiting: Frame[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isDisposed = false;

  constructor(write: (frames: readonly Frame[]) => void) {
    this.#write = write;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  push(frames: readonly Frame[]): void {
    if (this.#isDisposed || frames.length === 0) return;
    for (const frame of frames) this.#waiting.push(frame);
    if (this.#timer !== null) return;
    this.flush();
    this.#rest();
  }

  /** Hands on what waits, now. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const frames = joinStreams(this.#waiting);
    this.#waiting = [];
    this.#write(frames);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
  }

  dispose(): void {
    this.#isDisposed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.clear();
  }

  #rest(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#waiting.length === 0) return;
      this.flush();
      this.#rest();
    }, BATCH_MS);
  }
}
