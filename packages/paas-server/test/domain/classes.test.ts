import { expect, test } from "vitest";
import { acceptedClassIds, classIdOf, classOfSlot } from "../../src/domain/classes.ts";
import { priorityOf } from "../../src/domain/priority.ts";
import { aConfig } from "../context.ts";
import { INVENTORY } from "../fakes/rig.ts";

const { classes } = aConfig();
const gpu = {
  uuid: "GPU-1",
  model: "H200",
  memoryMiB: 141_000,
  driver: "570",
  computeCapability: "9.0",
  migProfile: null,
};

test.each([
  ["a CPU slot", { cpus: 1, memoryMiB: 2_048, gpuUuid: null }, "cpu"],
  ["a CPU slot with too little memory", { cpus: 1, memoryMiB: 1_024, gpuUuid: null }, undefined],
  ["a GPU slot", { cpus: 4, memoryMiB: 16_384, gpuUuid: "GPU-1" }, "gpu"],
  ["a slot with a GPU that the inventory lacks", { cpus: 4, memoryMiB: 16_384, gpuUuid: "GPU-2" }, undefined],
])("%s has its class", (_name, slot, expected) => {
  const found = classOfSlot({ id: "s", ...slot }, { ...INVENTORY, gpus: [gpu] }, classes);

  expect(found?.name).toBe(expected);
  if (found !== null) expect(acceptedClassIds(found.name, classes)).toEqual([found.classId]);
});

test("a class with other needs has another id; its price does not matter", () => {
  const [cpu] = classes;

  expect(classIdOf({ ...cpu!, memoryMiB: 4_096 })).not.toBe(classIdOf(cpu!));
  expect(classIdOf({ ...cpu!, unitPrice: 7n, speedMilli: 9 })).toBe(classIdOf(cpu!));
});

const facts = { eligibleAtMs: 1_000_000, ownJobsAhead: 0, usedShare: 0, timeLimitMs: 60_000 };

test.each([
  ["who waits longer", { eligibleAtMs: 999_000 }],
  ["who has fewer jobs ahead of his own", { ownJobsAhead: 0 }],
  ["who has used less", { usedShare: 0 }],
  ["the shorter job", { timeLimitMs: 1_000 }],
])("%s goes first", (_name, better) => {
  const worse = { ...facts, ownJobsAhead: 1, usedShare: 0.5, timeLimitMs: 120_000 };

  expect(priorityOf({ ...worse, ...better }).total).toBeGreaterThan(priorityOf(worse).total);
});
