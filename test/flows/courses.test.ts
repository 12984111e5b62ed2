import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runDemo } from "@nebula/devnet";
import { expect } from "vitest";
import { test } from "./campus.ts";
import { expectCharged, expectGapless } from "./jobs.ts";

const COURSES = join(import.meta.dirname, "../../courses");
const LESSONS = ["00-orientation", "01-cnn"];
const MINUTE_MS = 60_000;
const SILENT = { onQuote: () => undefined, onJob: () => undefined, onEvents: () => undefined };

const fileOf = (lesson: string): string => join(COURSES, lesson, `${lesson}.ipynb`);

test.for(LESSONS)(
  "the lesson %s runs as one paid job, and its receipt holds",
  { timeout: 6 * MINUTE_MS },
  async (lesson, { campus }) => {
    const ada = await campus.as("ada");

    const { job, events, artefacts, verification } = await runDemo(ada, fileOf(lesson), SILENT);

    expect(job.failure).toBeNull();
    expectGapless({ job, events });
    expectCharged(job);
    expect(artefacts).not.toEqual([]);
    expect(artefacts.filter(({ matches }) => !matches)).toEqual([]);
    expect(verification.checks.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(verification.verified).toBe(true);
  },
);

test.for(LESSONS)("the lesson %s is kept without outputs", async (lesson) => {
  const { cells } = JSON.parse(await readFile(fileOf(lesson), "utf8")) as {
    cells: Record<string, unknown>[];
  }; // nbformat 4

  const run = cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(({ outputs, execution_count }) => [outputs, execution_count]);

  expect(run.length).toBeGreaterThan(0);
  expect(run).toEqual(run.map(() => [[], null]));
});
