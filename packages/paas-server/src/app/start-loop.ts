import type { Logger } from "./ports.ts";

/** Work that is done again and again, one run at a time. */
export interface LoopOptions {
  readonly name: string;
  /** Longest pause between two runs, milliseconds. */
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  readonly log: Logger;
}

/** A running loop. */
export interface Loop extends AsyncDisposable {
  /** Runs the work now, or once more after the run that is going on. */
  wake(): void;
}

/** Starts a loop. A run that throws is logged and does not end it; disposing waits for the run that is going on. */
export function startLoop({ name, everyMs, work, log }: LoopOptions): Loop {
  let isStopped = false;
  let isWanted = false;
  let running: Promise<void> | null = null;

  const mayGoOn = () => isWanted && !isStopped;
  const round = async (): Promise<void> => {
    do {
      isWanted = false;
      await work().catch((error: unknown) => log.error({ loop: name, err: error }, "loop failed"));
    } while (mayGoOn());
    running = null;
  };
  const wake = (): void => {
    if (isStopped) return;
    isWanted = true;
    running ??= round();
  };
  const timer = setInterval(wake, everyMs);
  return {
    wake,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
