import { runCommand } from "../../process/run-command.ts";
import { installCommands } from "../debian-packages.ts";
import { missing, ready } from "../step.ts";
import type { SetupStep } from "../step.ts";

const PACKAGES = ["python3", "python3-venv"];
const PROBE =
  "import sys, venv, ensurepip; print('.'.join(map(str, sys.version_info[:3]))); sys.exit(sys.version_info < (3, 10))";

/** Python 3.10 or newer that can make virtual environments. */
export const python: SetupStep = {
  name: "Python",
  purposes: ["start", "tests"],
  async check() {
    const { status, stdout, stderr } = await runCommand("python3", ["-c", PROBE]);
    if (status === 0) return ready(stdout.trim());
    if (status === 127) return missing("there is no python3");
    return stderr.includes("ModuleNotFoundError")
      ? missing("it cannot make virtual environments")
      : missing(`${stdout.trim()} is older than 3.10`);
  },
  packages: async () => PACKAGES,
  remedy: async () => installCommands(PACKAGES),
};
