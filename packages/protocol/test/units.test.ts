import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  affordableMs,
  formatNbai,
  NBAI,
  nbaiSchema,
  parseNbai,
  priceOf,
  speedMilliOf,
  unitsOf,
} from "../src/index.ts";

const amount = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n });

describe("price", () => {
  it("is one unit price for a GpuMinute of the reference card", () => {
    expect(priceOf(unitsOf(60_000, 1_000), NBAI)).toBe(NBAI);
  });

  it("never passes the ceiling within the affordable time, and passes it after", () => {
    fc.assert(
      fc.property(
        amount,
        fc.bigInt({ min: 1n, max: 10n ** 24n }),
        fc.integer({ min: 1, max: 65_535 }),
        (ceiling, unitPrice, speed) => {
          const ms = affordableMs(ceiling, unitPrice, speed);
          fc.pre(ms < Number.MAX_SAFE_INTEGER - 1);

          expect(priceOf(unitsOf(ms, speed), unitPrice)).toBeLessThanOrEqual(ceiling);
          expect(priceOf(unitsOf(ms + 1, speed), unitPrice)).toBeGreaterThan(ceiling);
        },
      ),
    );
  });

  it("is free for ever where the unit price is zero", () => {
    expect(affordableMs(0n, 0n, 6)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("an amount in NBAI", () => {
  it("comes back from its full text", () => {
    fc.assert(
      fc.property(amount, (base) => {
        const text = formatNbai(base, 18);
        fc.pre(!text.startsWith("<"));
        expect(parseNbai(text)).toBe(base);
      }),
    );
  });

  it.each([
    [0n, "0"],
    [NBAI, "1"],
    [NBAI / 4n, "0.25"],
    [1n, "< 0.0001"],
    [-NBAI / 2n, "-0.5"],
    [123_456n * 10n ** 14n, "12.3456"],
    [12_345_678n * 10n ** 12n, "12.3456"],
  ])("%s shows as %s", (base, text) => {
    expect(formatNbai(base)).toBe(text);
  });

  it.each(["", "1,5", "-1", "1e3", "0x10", ".5", "1.", "1.0000000000000000001", "999999999999"])(
    "%j is refused",
    (text) => {
      expect(() => parseNbai(text)).toThrow(/Expected an amount in NBAI/);
    },
  );
});

describe("the wire form of money", () => {
  it("is a decimal string that decodes to the same amount", () => {
    fc.assert(
      fc.property(amount, (base) => {
        expect(nbaiSchema.decode(nbaiSchema.encode(base))).toBe(base);
      }),
    );
  });

  it.each(["01", "-1", "1.5", "", " 1", "1e18", "0x1", "9".repeat(30)])("refuses %j", (text) => {
    expect(nbaiSchema.safeParse(text).success).toBe(false);
  });
});

it.each([
  [7_514, 1_000],
  [45, 6],
  [0.1, 1],
])("%s GFLOP/s is a speed of %s thousandths of a 1080 Ti", (gflops, milli) => {
  expect(speedMilliOf(gflops)).toBe(milli);
});
