import { NBAI } from "@nebula/protocol";
import { expect, test } from "vitest";
import { backoffMs } from "../../src/app/run-outbox.ts";
import { capFault, leftOf } from "../../src/domain/caps.ts";
import { expectedRun, expectedWaitMs, priceOfMs } from "../../src/domain/price.ts";

test("a minute of a 1080 Ti at one NBAI per GpuMinute costs one NBAI", () => {
  expect(priceOfMs(60_000, { unitPrice: NBAI, speedMilli: 1_000 })).toBe(NBAI);
});

test("a price is rounded down to the base unit", () => {
  expect(priceOfMs(1, { unitPrice: 59_999_999n, speedMilli: 1 })).toBe(0n);
  expect(priceOfMs(1, { unitPrice: 60_000_000n, speedMilli: 1 })).toBe(1n);
});

test("without past runs anything up to the limit is expected", () => {
  expect(expectedRun([], 600_000)).toEqual({ lowMs: 0, highMs: 600_000, basis: "class-default", samples: 0 });
});

test("past runs narrow what is expected, within the limit", () => {
  const run = expectedRun([100, 110, 120, 130, 1_000], 500);

  expect(run).toMatchObject({ basis: "past-runs", samples: 5, lowMs: 90, highMs: 500 });
});

test.each([
  ["no rig", { ahead: 0, slots: 0, slotsFree: 0, meanMs: 10 }, null],
  ["a free slot", { ahead: 0, slots: 1, slotsFree: 1, meanMs: 10 }, 0],
  ["all slots busy", { ahead: 0, slots: 2, slotsFree: 0, meanMs: 10 }, 5],
  ["three ahead", { ahead: 3, slots: 2, slotsFree: 0, meanMs: 10 }, 20],
])("the wait with %s is told", (_what, crowd, expected) => {
  expect(expectedWaitMs(crowd)).toBe(expected);
});

const CAPS = { perJobMax: 10n, cap: 100n, used: 95n, free: 3n };

test.each([
  [11n, "JOB_CAP_EXCEEDED"],
  [6n, "MEMBER_CAP_EXCEEDED"],
  [4n, "ALLOCATION_EXHAUSTED"],
  [3n, undefined],
  [0n, undefined],
])("a ceiling of %s against the caps gives %s", (ceiling, code) => {
  expect(capFault(ceiling, CAPS)?.code).toBe(code);
});

test("what is left is the least of cap and allocation, and never below zero", () => {
  expect(leftOf(CAPS)).toBe(3n);
  expect(leftOf({ ...CAPS, free: 50n })).toBe(5n);
  expect(leftOf({ ...CAPS, used: 200n })).toBe(0n);
});

test("pauses between tries double to a minute and differ by chance", () => {
  expect([backoffMs(0, 0), backoffMs(0, 1), backoffMs(3, 1), backoffMs(50, 1)]).toEqual([
    125, 250, 2_000, 60_000,
  ]);
});
