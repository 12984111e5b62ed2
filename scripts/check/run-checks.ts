import { availableParallelism } from "node:os";
import { inParallel } from "../run/in-parallel.ts";
import { isStopped, runCommand } from "../run/run-command.ts";
import type { Tally } from "../test/tally.ts";
import { sumOf } from "../test/tally.ts";
import type { Step } from "./steps.ts";
import { checkSteps } from "./steps.ts";

const LIMIT_MS = 10 * 60_000;

function indent(output: string): string {
  return output.replaceAll(/^/gm, "    ");
}

async function runStep({ name, command, expected, skipped }: Step): Promise<Tally> {
  if (skipped !== undefined) {
    console.log(`  – ${name}: ${skipped}`);
    return { passed: 0, failed: 0, skipped: [{ name, reason: skipped }] };
  }
  if (isStopped()) return { passed: 0, failed: 0, skipped: [{ name, reason: "stopped by a signal" }] };
  const startedMs = performance.now();
  const { code, output } = await runCommand(command, { output: "capture", limitMs: LIMIT_MS });
  const isPassed = code === 0 && (expected?.test(output) ?? true);
  console.log(`  ${isPassed ? "✔" : "✘"} ${name} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (isPassed) return { passed: 1, failed: 0, skipped: [] };
  console.log(indent(`${command.join(" ")} ended with ${code}\n${output}`));
  return { passed: 0, failed: 1, skipped: [] };
}

/** Runs every check, two at a time where there are two cores, and prints a line for each. */
export async function runChecks(): Promise<Tally> {
  const width = Math.min(4, availableParallelism());
  return sumOf(await inParallel(checkSteps(), width, runStep));
}
