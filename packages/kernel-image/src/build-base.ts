import { mkdir, rename, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Unavailable } from "@nebula/protocol";
import { baseKey } from "./inputs.ts";
import { DEBIAN_MIRROR, DEBIAN_PACKAGES, DEBIAN_SUITE, SLIM_PATHS } from "./recipe.ts";
import { run, succeeds } from "./run-command.ts";
import type { Workshop } from "./workshop.ts";

/** Folder with the root of the Debian base; made once, then kept. Needs root, as the folder holds files of other users. */
export async function buildBase(workshop: Workshop): Promise<string> {
  const folder = join(workshop.cacheDir, `base-${baseKey()}`);
  if (existsSync(folder)) return folder;
  await mayBuild();
  await workshop.step(`install Debian ${DEBIAN_SUITE} with Python`, async () => {
    const unfinished = `${folder}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const options = ["--variant=minbase", `--include=${DEBIAN_PACKAGES.join(",")}`];
    await run({ file: "debootstrap", args: [...options, DEBIAN_SUITE, unfinished, DEBIAN_MIRROR] });
    for (const path of SLIM_PATHS) await rm(join(unfinished, path), { recursive: true, force: true });
    await rename(unfinished, folder);
  });
  return folder;
}

async function mayBuild(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw unavailable(
      "Building a kernel image needs root. Run the same command with sudo, or build images/cpu/Dockerfile.",
    );
  }
  if (!(await succeeds({ file: "debootstrap", args: ["--version"] }))) {
    throw unavailable("debootstrap is missing. Install it: apt-get install -y debootstrap");
  }
}

function unavailable(message: string): Unavailable {
  return new Unavailable("INTERNAL", message);
}
