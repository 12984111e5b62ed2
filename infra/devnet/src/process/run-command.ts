import { execFile } from "node:child_process";

/** What a finished command said. */
export interface CommandResult {
  /** Exit status; 127 when there is no such program, -1 when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Runs a program to its end and never throws for its failure: the status says. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { user, timeoutMs, ...rest } = options;
  const settings = {
    maxBuffer: 64 << 20,
    ...rest,
    ...(user ?? {}),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  };
  return await new Promise((resolve) => {
    execFile(command, [...args], settings, (error, stdout, stderr) => {
      resolve({ status: statusOf(error), stdout, stderr });
    });
  });
}

function statusOf(error: { code?: unknown } | null): number {
  if (error === null) return 0;
  if (error.code === "ENOENT") return 127;
  return typeof error.code === "number" ? error.code : -1;
}
