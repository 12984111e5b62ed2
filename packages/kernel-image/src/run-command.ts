import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Unavailable } from "@nebula/protocol";

/** A program and its arguments. It inherits the environment. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

const TAIL_CHARS = 4_000;

/** What the program printed on stdout, trimmed. Throws `Unavailable` with the end of its output where it fails. */
export async function run(command: Command): Promise<string> {
  const child = spawn(command.file, command.args, { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout] = await Promise.all([textOf(child.stdout), success(command, child, child.stderr)]);
  return stdout;
}

/** Runs both programs, the first one's stdout being the second one's stdin; gives what the second printed. */
export async function runPiped(from: Command, to: Command): Promise<string> {
  const source = spawn(from.file, from.args, { stdio: ["ignore", "pipe", "pipe"] });
  const target = spawn(to.file, to.args, { stdio: ["pipe", "pipe", "pipe"] });
  // A broken pipe is told better by the exit of the program that broke it.
  const flow = pipeline(source.stdout, target.stdin).catch(() => undefined);
  const both = [success(to, target, target.stderr), success(from, source, source.stderr)];
  const [stdout] = await Promise.all([textOf(target.stdout), ...both, flow]);
  return stdout;
}

/** True where the program can be started and ends with 0. */
export async function succeeds(command: Command): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(command.file, command.args, { stdio: "ignore" });
  child.once("error", () => resolve(false));
  child.once("close", (code) => resolve(code === 0));
  return promise;
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const piece of stream) text += String(piece);
  return text.trim();
}

async function success(command: Command, child: ChildProcess, stderr: Readable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<null>();
  let tail = "";
  stderr.setEncoding("utf8");
  stderr.on("data", (piece: string) => (tail = (tail + piece).slice(-TAIL_CHARS)));
  child.once("error", (cause) => reject(failure(command, `cannot be started: ${cause.message}`, cause)));
  child.once("close", (code, signal) => {
    if (code === 0) resolve(null);
    else reject(failure(command, `ended with ${signal ?? `exit code ${String(code)}`}: ${tail.trim()}`));
  });
  await promise;
}

function failure(command: Command, what: string, cause?: unknown): Unavailable {
  const hint = /no space left/i.test(what) ? "\nThe disk is full: free some space and build again." : "";
  return new Unavailable("INTERNAL", `${command.file} ${command.args[0] ?? ""} ${what}${hint}`, { cause });
}
