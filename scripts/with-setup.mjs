// Runs a TypeScript file of this repository from a bare clone: checks the machine's tools, installs the
// npm packages when the lock file changed, then hands over to the pinned Node of `node_modules`.
// Plain JavaScript without dependencies, because the machine's own Node runs it before anything is installed.
import process from "node:process";
import { installPackages } from "./start/packages.mjs";
import { runChild } from "./start/child.mjs";
import { missingTools } from "./start/tools.mjs";

const USAGE = "usage: node scripts/with-setup.mjs FILE [ARGUMENT...]";

async function main([file, ...args]) {
  if (file === undefined) throw new Error(USAGE);

  const missing = missingTools();
  if (missing.length > 0) throw new Error(missing.join("\n"));

  await installPackages();
  return runChild(file, args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`✘ ${error.message}\n`);
  process.exitCode = 1;
}
