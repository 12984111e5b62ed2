import { expect, test } from "vitest";
import { parseJunit } from "../../scripts/test/parse-junit.ts";
import { parseSummary, sumOf, summaryLine, withExitCode } from "../../scripts/test/tally.ts";

const CLEAN = { passed: 3, failed: 0, skipped: [] };

test("the last line is the sum over all runners", () => {
  const skipped = [{ name: "gpu", reason: "no GPU here" }];

  const sum = sumOf([CLEAN, { passed: 1, failed: 2, skipped }]);

  expect(summaryLine(sum)).toBe("4 passed, 2 failed, 1 skipped");
});

test.each([
  ["a runner that reports nothing", undefined, 0, { passed: 0, failed: 1, skipped: [] }],
  ["a bad end after good tests", CLEAN, 1, { passed: 3, failed: 1, skipped: [] }],
  ["a good end", CLEAN, 0, CLEAN],
])("%s is counted", (_, tally, code, expected) => {
  expect(withExitCode(tally, code)).toEqual(expected);
});

test("the last summary of an output counts, with the reasons of its skips", () => {
  const output =
    "1 passed, 9 failed, 0 skipped\nskipped vectors: the file is absent\n7 passed, 0 failed, 1 skipped";

  expect(parseSummary(output)).toEqual({
    passed: 7,
    failed: 0,
    skipped: [{ name: "vectors", reason: "the file is absent" }],
  });
});

test("an output without a summary has no tally", () => {
  expect(parseSummary("forge: command not found")).toBeUndefined();
});

test("errors of set-up are failures of a pytest report, and skips keep their reason", () => {
  const xml = `<testsuites><testsuite name="pytest" tests="4">
    <testcase classname="t" name="good" time="0.1" />
    <testcase classname="t" name="bad"><failure message="x">x</failure></testcase>
    <testcase classname="t" name="unready"><error message="y">y</error></testcase>
    <testcase classname="t" name="later"><skipped type="pytest.skip" message="needs &lt;cgroup v2&gt;">z</skipped></testcase>
  </testsuite></testsuites>`;

  expect(parseJunit(xml)).toEqual({
    passed: 1,
    failed: 2,
    skipped: [{ name: "t › later", reason: "needs <cgroup v2>" }],
  });
});

test("a report that is not there has no tally", () => {
  expect(parseJunit("")).toBeUndefined();
});
