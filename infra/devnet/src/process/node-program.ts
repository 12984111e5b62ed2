import { join } from "node:path";
import { REPOSITORY } from "./repository.ts";

/** Command line that runs a TypeScript source of this repository, without a build. */
export function nodeProgram(
  file: string,
  args: readonly string[] = [],
  options: { readonly watch?: boolean } = {},
): { command: string; args: string[] } {
  const watching = options.watch === true ? ["--watch", "--watch-preserve-output"] : [];
  return {
    command: process.execPath,
    args: ["--conditions=@nebula/source", ...watching, join(REPOSITORY, file), ...args],
  };
}
