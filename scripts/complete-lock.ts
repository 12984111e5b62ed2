/** Completes package-lock.json for every platform; `--check` only reports. Run it after each npm install. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lock } from "./lock/complete.ts";
import { addressedFolders, completeLock, missingFolders } from "./lock/complete.ts";

const file = join(import.meta.dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as Lock;
const missing = missingFolders(lock);
const addressed = addressedFolders(lock);

if (addressed.length > 0) {
  console.error(
    `${addressed.length} packages carry an address; make the file with the .npmrc of this repository:`,
  );
  console.error(addressed.join("\n"));
  process.exitCode = 1;
}
if (!process.argv.includes("--check")) {
  writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  console.log(`${missing.length} packages of other platforms added to package-lock.json`);
} else if (missing.length > 0) {
  console.error(`package-lock.json lacks ${missing.length} packages of other platforms;`);
  console.error(`run: node scripts/with-setup.mjs scripts/complete-lock.ts\n${missing.join("\n")}`);
  process.exitCode = 1;
} else {
  console.log(`package-lock.json is complete: ${Object.keys(lock.packages).length} packages`);
}
