import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";

/** The folder of the repository. */
export const ROOT = join(import.meta.dirname, "../..");

export interface CommandOptions {
  /** Both streams are given back at the end; `show` lets them through to ours at once as well. */
  readonly output: "capture" | "show";
  /** The command is killed after this time; an hour unless told. */
  readonly limitMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  /** 128 + n when a signal ended it; 127 when it did not start. */
  readonly code: number;
  readonly output: string;
  readonly isTimedOut: boolean;
}

const HOUR_MS = 3_600_000;
const PIPE_GRACE_MS = 2_000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const children = new Set<ChildProcess>();
let stoppedBy: keyof typeof SIGNALS | undefined;

/** Whether a signal asked this process to stop; no further command starts then. */
export function isStopped(): boolean {
  return stoppedBy !== undefined;
}

/** Hands the signals of a stop on to the commands that run; to be called once by each program. */
export function stopOnSignals(): void {
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(signal, () => {
      stoppedBy = signal;
      process.exitCode = SIGNALS[signal];
      for (const child of children) child.kill(signal);
    });
  }
}

/** Gathers what a command writes; `isShown` lets it through as well. Nothing when the streams are ours. */
function gather(child: ChildProcess, isShown: boolean): () => string {
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (isShown) process.stdout.write(chunk);
    });
  }
  return () => Buffer.concat(chunks).toString("utf8").trim();
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on("error", () => {
      resolve(127);
    });
    child.on("exit", () => {
      // A process that outlives the command may hold its pipes open for ever.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, PIPE_GRACE_MS).unref();
    });
    child.on("close", (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]);
    });
  });
}

/** The environment of commands: the tools of this repository first, no colour, the sources' condition. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const path = [join(ROOT, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  return { ...process.env, PATH: path, NO_COLOR: "1", FORCE_COLOR: "0", ...extra };
}

/** Runs one command in the folder of the repository, to its end. Never rejects. */
export async function runCommand(
  command: readonly [string, ...string[]],
  { output, limitMs = HOUR_MS, env }: CommandOptions,
): Promise<CommandResult> {
  if (isStopped()) return { code: 130, output: "stopped", isTimedOut: false };
  const [file, ...args] = command;
  const child = spawn(file, args, { cwd: ROOT, env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  const gathered = gather(child, output === "show");
  let isTimedOut = false;
  const limit = setTimeout(() => {
    isTimedOut = true;
    child.kill("SIGKILL");
  }, limitMs);
  const code = await ended(child);
  clearTimeout(limit);
  children.delete(child);
  return { code, output: gathered(), isTimedOut };
}
