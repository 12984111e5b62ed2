import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { StartFailed } from "../errors.ts";
import type { PartName } from "../errors.ts";
import type { TetheredProcess } from "./tethered.ts";

/** What is waited for, and where to look when it does not come. */
export interface Wait {
  readonly part: PartName;
  readonly what: string;
  readonly timeoutMs: number;
  readonly logFile: string;
  /** Gives up at once when this program ends. */
  readonly process: TetheredProcess;
}

/** Calls `probe` until it resolves. Throws `StartFailed` with the end of the log when the program ends or time is up. */
export async function waitUntil<T>(probe: () => Promise<T>, wait: Wait): Promise<T> {
  const program = { ended: false };
  void wait.process.exited.then(() => (program.ended = true));
  const deadline = performance.now() + wait.timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (cause) {
      if (program.ended || performance.now() > deadline) throw failure(wait, program.ended, cause);
      await delay(20);
    }
  }
}

function failure(wait: Wait, ended: boolean, cause: unknown): StartFailed {
  const why = ended ? "ended while starting" : `did not answer within ${wait.timeoutMs / 1000} s`;
  return new StartFailed(wait.part, `${wait.what} ${why}.`, {
    remedy: `The end of its log (${wait.logFile}):\n${lastLines(wait.logFile, 15)}`,
    cause,
  });
}

function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "(no log)";
  }
}
