import { expect, test } from "vitest";
import { bringAbout } from "../src/setup/index.ts";
import type { SetupContext, SetupStep } from "../src/setup/step.ts";

function aContext(lines: string[] = []): SetupContext {
  return { home: "/nowhere", purpose: "start", privilege: "none", log: (line) => void lines.push(line) };
}

interface FakeStep extends SetupStep {
  installs: number;
}

function aStep(
  options: { ready?: boolean; becomesReady?: boolean; fails?: boolean } & Partial<SetupStep> = {},
): FakeStep {
  const { ready = false, becomesReady = true, fails = false, ...rest } = options;
  const step: FakeStep = {
    name: "Part",
    purposes: ["start", "tests"],
    installs: 0,
    check: async () => ({
      ready: ready || (step.installs > 0 && becomesReady),
      detail: ready ? "1.2" : "it is not there",
    }),
    async install() {
      step.installs += 1;
      if (fails) throw new Error("no route to host");
    },
    remedy: async () => ["sudo make it so"],
    ...rest,
  };
  return step;
}

test("nothing is installed when everything is there", async () => {
  const step = aStep({ ready: true });
  const lines: string[] = [];

  const report = await bringAbout(aContext(lines), [step], true);

  expect(report.missing).toEqual([]);
  expect(step.installs).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/^✔ Part 1\.2 \([0-9.]+ s\)$/)]);
});

test("what is missing is installed once", async () => {
  const step = aStep();

  const report = await bringAbout(aContext(), [step], true);

  expect(report.missing).toEqual([]);
  expect(step.installs).toBe(1);
});

test("checking never installs, and names every missing thing with its commands", async () => {
  const steps = [aStep({ name: "One" }), aStep({ name: "Two" })];

  const report = await bringAbout(aContext(), steps, false);

  expect(steps.map(({ installs }) => installs)).toEqual([0, 0]);
  expect(report.missing).toEqual([
    { name: "One", detail: "it is not there", commands: ["sudo make it so"] },
    { name: "Two", detail: "it is not there", commands: ["sudo make it so"] },
  ]);
});

test("a step that fails is told of, stays missing, and does not stop the next", async () => {
  const lines: string[] = [];
  const steps = [aStep({ name: "One", fails: true, becomesReady: false }), aStep({ name: "Two" })];

  const report = await bringAbout(aContext(lines), steps, true);

  expect(report.missing.map(({ name }) => name)).toEqual(["One"]);
  expect(lines.join("\n")).toContain("✘ One: no route to host");
});

test("what only tests need is left alone at a start", async () => {
  const step = aStep({ purposes: ["tests"] });

  const report = await bringAbout(aContext(), [step], true);

  expect(report.missing).toEqual([]);
  expect(step.installs).toBe(0);
});
