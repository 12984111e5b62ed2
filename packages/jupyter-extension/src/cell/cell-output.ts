import type { CodeCell } from "@jupyterlab/cells";
import type { JobFuture } from "./future.ts";
import { takeOver } from "./future.ts";
import type { InputFrame, ShownFrame } from "./messages.ts";
import { settleOverwrites } from "./overwrite.ts";
import { DisplayCap, TextCap } from "./text-cap.ts";

/** What of a cell's output is not in the notebook. */
export interface CellLeftOut {
  readonly lines: number;
  readonly bytes: number;
  readonly displays: number;
}

/** The outputs of one cell while a job writes them. */
export class CellOutput {
  readonly #cell: CodeCell;
  readonly #future: JobFuture;
  #text = new TextCap();
  #displays = new DisplayCap();
  #isNoted = false;

  /** Takes the cell over: its outputs are emptied and it shows as running. */
  constructor(cell: CodeCell, answer: (requestId: string, value: string) => void) {
    this.#cell = cell;
    this.#future = takeOver(cell, answer);
  }

  /** False once the cell was run elsewhere or went away. */
  get isOurs(): boolean {
    return !this.#future.isDisposed && !this.#cell.isDisposed;
  }

  get leftOut(): CellLeftOut {
    return { ...this.#text.leftOut, displays: this.#displays.leftOut };
  }

  show(frame: ShownFrame): void {
    if (frame.t === "stream") {
      const text = this.#text.admit(settleOverwrites(frame.content.text));
      if (text !== "") this.#future.show({ ...frame, content: { ...frame.content, text } });
      return;
    }
    if (frame.t === "display" && !this.#displays.admit(frame.content)) return;
    if (frame.t === "clear_output") this.#recount();
    this.#future.show(frame);
  }

  ask(frame: InputFrame): void {
    this.#future.ask(frame);
  }

  /** Ends the cell: its prompt shows `executionCount`, and `notice`, if any, stands below the outputs. */
  finish(executionCount: number | null, notice: string | null): void {
    if (!this.isOurs) return;
    if (notice !== null && !this.#isNoted) {
      this.#isNoted = true;
      this.#future.show({
        t: "display",
        n: 0,
        cell: "",
        kind: "display_data",
        content: { data: { "text/plain": notice }, metadata: {} },
      });
    }
    if (executionCount !== null) this.#cell.model.executionCount = executionCount;
    this.#cell.model.executionState = "idle";
    this.#future.finish(executionCount);
  }

  #recount(): void {
    this.#text = new TextCap();
    this.#displays = new DisplayCap();
  }
}
