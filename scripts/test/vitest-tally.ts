import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { Skip, Tally } from "./tally.ts";

const NO_REASON = "its test names no reason";

function skipOf(test: TestCase): Skip {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  return { name: `${test.module.relativeModuleId} › ${test.fullName}`, reason: note ?? NO_REASON };
}

function tallyOf(modules: readonly TestModule[], errorCount: number): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: string) => tests.filter((test) => test.result().state === state);
  // A file that cannot be loaded, and a hook that fails, have no test of their own to count.
  const broken = modules.filter(
    (module) => module.state() === "failed" && ![...module.children.allTests("failed")].length,
  );
  return {
    passed: inState("passed").length,
    // A test still pending when the run ended was never decided.
    failed: inState("failed").length + inState("pending").length + broken.length + errorCount,
    skipped: inState("skipped").map(skipOf),
  };
}

/** Writes a run's tally as JSON to the file named by NEBULA_TALLY, at the end of the run. */
export default class VitestTally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env["NEBULA_TALLY"];
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(tallyOf(modules, unhandledErrors.length)));
  }
}
