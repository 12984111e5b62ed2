import { NBAI, OUTCOMES } from "@nebula/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chargeOf, meteredMs, runLimit } from "../../src/domain/meter.ts";

const readings = { runningAtMs: 1_000, exitedAtMs: 11_000, unleasedMs: 0, rigUsedMs: 60_000, runMs: 60_000 };

test.each([
  ["the server's clock", {}, 10_000],
  ["the rig's clock and two seconds", { rigUsedMs: 3_000 }, 5_000],
  ["time under a valid lease only", { unleasedMs: 4_000 }, 6_000],
  ["the longest run allowed", { runMs: 2_500 }, 2_500],
  ["nothing where it never ran", { runningAtMs: null }, 0],
  ["nothing where the clock went back", { exitedAtMs: 500 }, 0],
])("%s counts", (_name, change, expected) => {
  expect(meteredMs({ ...readings, ...change })).toBe(expected);
});

const terms = { unitPrice: NBAI, maxPrice: NBAI, prepay: NBAI / 10n, speedMilli: 1_000 };

test.each([
  ["OK", 6_000, NBAI / 10n],
  ["USER_ERROR", 30_000, NBAI / 2n],
  ["TIMEOUT", 600_000, NBAI],
  ["CANCELLED", 1, NBAI / 10n],
  ["CANCELLED", 0, 0n],
  ["RIG_FAULT", 60_000, 0n],
] as const)("%s after %i ms costs %s", (outcome, usedMs, price) => {
  expect(chargeOf(outcome, usedMs, terms).price).toBe(price);
});

test("no charge is negative or above the ceiling", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...OUTCOMES),
      fc.nat(10 ** 9),
      fc.bigInt(0n, 10n ** 24n),
      (outcome, usedMs, maxPrice) => {
        const { price } = chargeOf(outcome, usedMs, { ...terms, maxPrice, prepay: 0n });
        expect(price >= 0n && price <= maxPrice).toBe(true);
      },
    ),
  );
});

test("a run is bounded by its time limit or by what its ceiling pays for", () => {
  expect(runLimit(30_000, terms)).toEqual({ runMs: 30_000, runReason: "time-limit" });
  expect(runLimit(90_000, terms)).toEqual({ runMs: 60_000, runReason: "ceiling" });
  expect(runLimit(90_000, { ...terms, maxPrice: 0n })).toEqual({ runMs: 1, runReason: "ceiling" });
});
