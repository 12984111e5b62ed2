import type { CodeCell } from "@jupyterlab/cells";
import type { IDisposable } from "@lumino/disposable";
import type { TranscriptEvent } from "@nebula/protocol";
import { Batch } from "./batch.ts";
import { CellOutput, type CellLeftOut } from "./cell-output.ts";
import type { InputFrame, ShownFrame } from "./messages.ts";

type Frame = TranscriptEvent["frame"];

export interface RenderOptions {
  /** The widget of a cell of the job; null where the notebook has it no longer. */
  readonly find: (cellId: string) => CodeCell | null;
  readonly answer: (requestId: string, value: string) => void;
  /** What to say below the outputs of a cell that printed more than the notebook keeps. */
  readonly notice: (left: CellLeftOut) => string;
  /** What to say where the campus itself kept only head and tail. */
  readonly skippedNotice: (skipped: { bytes: number; displays: number }) => string;
}

function isAbout(frame: Frame, cellId: string): boolean {
  return "cell" in frame && frame.cell === cellId;
}

/**
 * Writes a job's events into the cells they came from.
 *
 * - Events of a cell are written in their order; at most one write in `BATCH_MS`, streams joined.
 * - A display that is updated is updated in every cell that shows it.
 * - A new attempt begins with empty outputs.
 * - A cell that is run elsewhere is left alone from then on.
 */
export class JobRenderer implements IDisposable {
  readonly #options: RenderOptions;
  readonly #outputs = new Map<string, CellOutput>();
  readonly #displays = new Map<string, Set<string>>();
  readonly #batch = new Batch((frames) => this.#write(frames));
  #pressed: readonly string[] = [];
  #running: string | null = null;
  #attemptNo = 0;

  constructor(options: RenderOptions) {
    this.#options = options;
  }

  get isDisposed(): boolean {
    return this.#batch.isDisposed;
  }

  /** Everything that the notebook does not hold of this job. */
  get leftOut(): CellLeftOut {
    const all = [...this.#outputs.values()].map((output) => output.leftOut);
    const sum = (key: keyof CellLeftOut): number => all.reduce((total, left) => total + left[key], 0);
    return { lines: sum("lines"), bytes: sum("bytes"), displays: sum("displays") };
  }

  /** Empties the pressed cells and marks them as running. Cells of the set-up follow when they start. */
  begin(pressed: readonly string[]): void {
    this.#pressed = pressed;
    this.#outputs.clear();
    this.#displays.clear();
    for (const cellId of pressed) this.#take(cellId);
  }

  take(events: readonly TranscriptEvent[]): void {
    const latest = events.at(-1)?.attemptNo ?? this.#attemptNo;
    if (this.#attemptNo > 0 && latest > this.#attemptNo) {
      this.#batch.clear();
      this.begin(this.#pressed);
    }
    this.#attemptNo = latest;
    this.#batch.push(events.filter((event) => event.attemptNo === latest).map((event) => event.frame));
  }

  /** Writes what waits and ends every cell. */
  end(): void {
    this.#batch.flush();
    for (const output of this.#outputs.values()) output.finish(null, this.#noticeOf(output));
  }

  dispose(): void {
    this.#batch.dispose();
    this.#outputs.clear();
  }

  #take(cellId: string): CellOutput | null {
    const known = this.#outputs.get(cellId);
    if (known) return known;
    const cell = this.#options.find(cellId);
    if (cell === null) return null;
    const output = new CellOutput(cell, this.#options.answer);
    this.#outputs.set(cellId, output);
    return output;
  }

  #write(frames: readonly Frame[]): void {
    for (const [at, frame] of frames.entries()) {
      // Answered already: the cell went on after it.
      if (frame.t === "input_request" && frames.slice(at + 1).some((later) => isAbout(later, frame.cell)))
        continue;
      this.#writeOne(frame);
    }
  }

  #writeOne(frame: Frame): void {
    switch (frame.t) {
      case "stream":
      case "clear_output":
      case "error":
        return this.#show(frame);
      case "display":
      case "update_display":
        return this.#display(frame);
      case "input_request":
        return this.#ask(frame);
      case "status":
        return this.#status(frame);
      case "skipped":
        return this.#skipped(frame);
      default:
        return;
    }
  }

  #show(frame: ShownFrame): void {
    this.#take(frame.cell)?.show(frame);
  }

  #ask(frame: InputFrame): void {
    this.#take(frame.cell)?.ask(frame);
  }

  #display(frame: Extract<ShownFrame, { t: "display" | "update_display" }>): void {
    const id = frame.content.transient?.display_id;
    if (frame.t === "display") {
      if (id !== undefined) this.#displays.set(id, (this.#displays.get(id) ?? new Set()).add(frame.cell));
      this.#take(frame.cell)?.show(frame);
      return;
    }
    for (const cellId of this.#displays.get(id ?? "") ?? []) this.#outputs.get(cellId)?.show(frame);
  }

  #status(frame: Extract<Frame, { t: "status" }>): void {
    const cellId = frame.cell ?? null;
    if (cellId === null) return;
    if (frame.state === "cell-started") {
      this.#running = cellId;
      this.#take(cellId);
    }
    if (frame.state !== "cell-finished") return;
    const output = this.#outputs.get(cellId);
    output?.finish(frame.executionCount ?? null, this.#noticeOf(output));
  }

  #noticeOf(output: CellOutput): string | null {
    const left = output.leftOut;
    return left.bytes > 0 || left.displays > 0 ? this.#options.notice(left) : null;
  }

  #skipped(frame: Extract<Frame, { t: "skipped" }>): void {
    if (this.#running === null || frame.bytes + frame.displays === 0) return;
    const text = this.#options.skippedNotice(frame);
    const content = { data: { "text/plain": text }, metadata: {} };
    this.#take(this.#running)?.show({
      t: "display",
      n: 0,
      cell: this.#running,
      kind: "display_data",
      content,
    });
  }
}
