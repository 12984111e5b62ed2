import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartFailed } from "../errors.ts";
import type { PartName } from "../errors.ts";

/** Root folder of the repository. */
export const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), "../../../..");

/** Where all state of a campus on this machine lives. */
export const DEFAULT_HOME = join(REPOSITORY, ".nebula");

/**
 * Entry point of the package that holds a program for this machine: one that `parent` lists as optional for each
 * platform, so it is found from there and not from here.
 */
export function platformPackage(
  part: PartName,
  parent: string,
  nameOf: (platform: string, arch: string) => string,
): string {
  const name = nameOf(platform(), arch());
  try {
    return createRequire(import.meta.resolve(parent)).resolve(name);
  } catch (cause) {
    throw new StartFailed(part, `The npm package ${name} is not installed.`, {
      remedy: "Run: npm ci --include=optional. If it does not exist, this kind of machine is not supported.",
      cause,
    });
  }
}
