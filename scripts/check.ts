/** Checks everything that needs no running part: format, lint, types, arrows, dead files, generated files. */
import { runChecks } from "./check/run-checks.ts";
import { stopOnSignals } from "./run/run-command.ts";
import { summaryLine } from "./test/tally.ts";

stopOnSignals();
const tally = await runChecks();
console.log(summaryLine(tally));
if (tally.failed > 0) process.exitCode ??= 1;
