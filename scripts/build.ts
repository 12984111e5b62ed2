/** Writes what ships: `dist/` of every package and the notebook extension's bundle. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runCommand, stopOnSignals } from "./run/run-command.ts";

const EXTENSION_BUILD = "packages/jupyter-extension/scripts/build.mjs";
const LIBRARIES = ["protocol", "contracts", "client"];
const commands: [string, ...string[]][] = [
  ["tsc", "-b", "tsconfig.build.json"],
  ...LIBRARIES.map((name): [string, ...string[]] => ["publint", "--strict", `packages/${name}`]),
];
if (existsSync(join(ROOT, EXTENSION_BUILD))) commands.push(["node", EXTENSION_BUILD]);

stopOnSignals();
for (const command of commands) {
  const startedMs = performance.now();
  const { code } = await runCommand(command, { output: "show" });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${code === 0 ? "✔" : "✘"} ${command.join(" ")} (${seconds} s)`);
  if (code !== 0) {
    process.exitCode ??= 1;
    break;
  }
}
