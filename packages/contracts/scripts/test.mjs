// Builds the contracts and runs their tests. Ends with one line: N passed, N failed, N skipped.
// Other arguments go to forge, as in: test.mjs --match-path 'test/escrow/*'. FOUNDRY_PROFILE=deep runs far more cases.
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { compareTrees } from "./check-trees.mjs";
import { runForge } from "./forge.mjs";

const SUMMARY = /(\d+) tests? passed, (\d+) failed, (\d+) skipped/g;
// A failing sequence that was cut short has too few steps to be judged by coverage when it is replayed.
const OLD_FAILURES = resolve(import.meta.dirname, "../cache/invariant");

/** forge's own sum; where it ended before running tests, the run itself counts as one failure. */
function readCounts({ code, output }) {
  const found = [...output.matchAll(SUMMARY)].at(-1);
  const [passed, failed, skipped] = (found ?? [0, 0, 0, 0]).slice(1).map(Number);
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

function keepTelling(output) {
  return output
    .split("\n")
    .filter((line) => !line.startsWith("[PASS]"))
    .join("\n");
}

await rm(OLD_FAILURES, { recursive: true, force: true });
const ran = await runForge(["test", "-vv", ...process.argv.slice(2)], {
  captures: true,
  env: { NO_COLOR: "1" },
});
process.stdout.write(keepTelling(ran.output));

const problems = await compareTrees();
for (const problem of problems) process.stdout.write(`${problem}\n`);

const { passed, failed, skipped } = readCounts(ran);
const treesFailed = problems.length === 0 ? 0 : 1;
process.stdout.write(
  `\n${passed + 1 - treesFailed} passed, ${failed + treesFailed} failed, ${skipped} skipped\n`,
);
process.exitCode = failed + treesFailed === 0 ? 0 : 1;
