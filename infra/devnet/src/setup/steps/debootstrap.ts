import { installCommands } from "../debian-packages.ts";
import { findProgram } from "../find-program.ts";
import { missing, ready } from "../step.ts";
import type { SetupStep } from "../step.ts";

/** Makes the Debian base that kernel images are built on. */
export const debootstrap: SetupStep = {
  name: "debootstrap",
  purposes: ["start", "tests"],
  check: async () =>
    (await findProgram("debootstrap")) === undefined ? missing("it is not installed") : ready("installed"),
  packages: async () => ["debootstrap"],
  remedy: async () => installCommands(["debootstrap"]),
};
