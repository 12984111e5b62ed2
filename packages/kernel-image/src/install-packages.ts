import { mkdir, readdir, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findUv } from "./find-uv.ts";
import { lockFile } from "./inputs.ts";
import {
  FONTS_PATH,
  type ImageName,
  PACKAGE_DIR,
  PACKAGES_PATH,
  PRUNED_TESTS,
  PYTHON_VERSION,
} from "./recipe.ts";
import { run } from "./run-command.ts";
import type { Workshop } from "./workshop.ts";

const PLATFORMS: Readonly<Record<string, string>> = {
  x64: "x86_64-manylinux_2_34",
  arm64: "aarch64-manylinux_2_34",
};

/**
 * Makes `root` a copy of `base` with the locked packages of `name`, hashes checked, compiled by the Python of the image.
 * Files of the base are hard links: nothing here may change one.
 */
export async function installPackages(
  workshop: Workshop,
  name: ImageName,
  folders: { base: string; root: string },
): Promise<void> {
  const { base, root } = folders;
  const target = join(root, PACKAGES_PATH);
  const uv = await findUv(workshop);
  await rm(root, { recursive: true, force: true });
  await run({ file: "cp", args: ["-al", base, root] });
  await mkdir(target, { recursive: true });
  await workshop.step(`install the packages of ${name}`, () =>
    run({ file: uv, args: uvArguments(name, target) }),
  );
  await workshop.step("compile them", async () => {
    await pruneTests(target);
    await run({
      file: "chroot",
      args: [root, "/usr/bin/python3", "-m", "compileall", "-q", "-j", "0", `/${PACKAGES_PATH}`],
    });
    if (existsSync(join(target, "matplotlib"))) await findFonts(root);
  });
}

/** Matplotlib looks for fonts at its first import, for seconds; the runner hands each job what was found here. */
async function findFonts(root: string): Promise<void> {
  await mkdir(join(root, FONTS_PATH), { recursive: true });
  const python = [
    "/usr/bin/env",
    `MPLCONFIGDIR=/${FONTS_PATH}`,
    "/usr/bin/python3",
    "-c",
    "import matplotlib.font_manager",
  ];
  await run({ file: "chroot", args: [root, ...python] });
}

function uvArguments(name: ImageName, target: string): readonly string[] {
  const platform = PLATFORMS[process.arch] ?? process.arch;
  const lock = join(PACKAGE_DIR, lockFile(name));
  const checks = ["--require-hashes", "--no-deps", "--only-binary", ":all:"];
  const goal = ["--target", target, "--python-version", PYTHON_VERSION, "--python-platform", platform];
  return ["pip", "install", "--quiet", ...checks, ...goal, "--link-mode", "copy", "-r", lock];
}

async function pruneTests(target: string): Promise<void> {
  for (const library of PRUNED_TESTS) {
    const folder = join(target, library);
    if (!existsSync(folder)) continue;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory() && entry.name === "tests")
        await rm(join(entry.parentPath, entry.name), { recursive: true, force: true });
    }
  }
}
