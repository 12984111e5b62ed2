import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as recipe from "./recipe.ts";
import { type ImageName, PACKAGE_DIR } from "./recipe.ts";

const HASH_LENGTH = 12;

/** Files of the runner, relative to the package, sorted. */
export function runnerFiles(): readonly string[] {
  const folder = "nebula_kernel";
  const names = readdirSync(join(PACKAGE_DIR, folder)).filter((name) => name.endsWith(".py"));
  return names.sort().map((name) => `${folder}/${name}`);
}

/** Lock file of an image, relative to the package. */
export function lockFile(name: ImageName): string {
  return `images/${name}/requirements.lock`;
}

/** Name of the Debian base that images share: hash of what goes into it. */
export function baseKey(): string {
  const { DEBIAN_SUITE, DEBIAN_PACKAGES, BASE_EDITION, SLIM_PATHS } = recipe;
  return `${DEBIAN_SUITE}-${digest([JSON.stringify([DEBIAN_PACKAGES, BASE_EDITION, SLIM_PATHS])])}`;
}

/** Image with the Python packages of `name`, without the runner. A change of the runner leaves it as it is. */
export function packagesTag(name: ImageName): string {
  const settings = JSON.stringify([
    baseKey(),
    recipe.PYTHON_VERSION,
    recipe.UV_VERSION,
    recipe.PRUNED_TESTS,
    process.arch,
  ]);
  return `nebula/kernel-packages-${name}:${digest([settings, contentOf(lockFile(name))])}`;
}

/**
 * Image of `name` for the present sources, such as `nebula/kernel-minimal:0123456789ab`. The tag is the hash of everything
 * that goes into the image, so an image of that tag never needs to be built again.
 */
export function imageTag(name: ImageName): string {
  const runner = runnerFiles().flatMap((file) => [file, contentOf(file)]);
  return `nebula/kernel-${name}:${digest([packagesTag(name), JSON.stringify(recipe.IMAGE_CHANGES), ...runner])}`;
}

function contentOf(file: string): string {
  return readFileSync(join(PACKAGE_DIR, file), "utf8");
}

/** Each part goes in with its length, so that no two lists of parts look alike. */
function digest(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, HASH_LENGTH);
}
