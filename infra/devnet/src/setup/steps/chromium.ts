import { runCommand } from "../../process/run-command.ts";
import { installCommands } from "../debian-packages.ts";
import { findProgram } from "../find-program.ts";
import { missing, ready } from "../step.ts";
import type { SetupStep } from "../step.ts";

/** The browser of the browser tests. */
export const chromium: SetupStep = {
  name: "Chromium",
  purposes: ["tests"],
  async check() {
    const program = await findProgram("chromium", "chromium-browser", "google-chrome");
    if (program === undefined) return missing("no browser for the browser tests");
    const { stdout } = await runCommand(program, ["--version"], { timeoutMs: 20_000 });
    return ready(/[0-9]+(?:\.[0-9]+)*/.exec(stdout)?.[0] ?? program);
  },
  packages: async () => ["chromium"],
  remedy: async () => installCommands(["chromium"]),
};
