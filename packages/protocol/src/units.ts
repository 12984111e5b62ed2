import { z } from "zod";
import { InvalidInput } from "./errors.ts";

/** Money in base units: 10^-18 NBAI. Always a bigint, never a number. */
export type Nbai = bigint;

/** Base units in one NBAI. */
export const NBAI: Nbai = 10n ** 18n;

/** Largest amount a `uint96` of the contracts holds, in base units. */
export const NBAI_MAX: Nbai = 2n ** 96n - 1n;

/** Speed of the reference card, a 1080 Ti, in GFLOP/s (whitepaper, unit of account). */
export const REFERENCE_GFLOPS = 7_514;

/** `units` in one GpuMinute: 60,000 ms at 1,000 thousandths of a 1080 Ti. */
export const UNITS_PER_GPU_MINUTE = 60_000_000n;

/** An amount as it crosses the wire: a decimal string of base units, no sign, no leading zero. */
export const nbaiSchema = z
  .codec(z.string().regex(/^(0|[1-9][0-9]{0,28})$/, "expected base units as a decimal string"), z.bigint(), {
    decode: (text) => BigInt(text),
    encode: (amount) => amount.toString(),
  })
  .meta({
    id: "Nbai",
    description: "Money in base units (10^-18 NBAI), decimal string",
    examples: ["1000000000000000000"],
  });

/** Any other unsigned integer that may pass 2^53, as a decimal string on the wire. */
export const bigUintSchema = z.codec(
  z.string().regex(/^(0|[1-9][0-9]{0,38})$/, "expected an unsigned decimal string"),
  z.bigint(),
  {
    decode: (text) => BigInt(text),
    encode: (value) => value.toString(),
  },
);

/** Work in units: milliseconds times class speed in thousandths of a 1080 Ti, both non-negative integers. */
export function unitsOf(usedMs: number, speedMilli: number): bigint {
  return BigInt(usedMs) * BigInt(speedMilli);
}

/** Price of `units` at `unitPrice` base units per GpuMinute, rounded down in the payer's favour. */
export function priceOf(units: bigint, unitPrice: Nbai): Nbai {
  return (units * unitPrice) / UNITS_PER_GPU_MINUTE;
}

/** Longest run in whole milliseconds whose price does not pass `ceiling`; `Infinity` where time is free. */
export function affordableMs(ceiling: Nbai, unitPrice: Nbai, speedMilli: number): number {
  const perMs = unitPrice * BigInt(speedMilli);
  if (perMs === 0n) return Number.POSITIVE_INFINITY;
  const longest = ((ceiling + 1n) * UNITS_PER_GPU_MINUTE - 1n) / perMs;
  return Number(longest > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : longest);
}

/** Speed in thousandths of a 1080 Ti for a measured GFLOP/s, at least 1. */
export function speedMilliOf(gflops: number): number {
  return Math.max(1, Math.round((gflops / REFERENCE_GFLOPS) * 1000));
}

/**
 * An amount for people: NBAI with at most `digits` decimals (0–18, default 4), cut toward zero, trailing zeros dropped.
 * An amount above zero that would show as zero reads "< 0.0001".
 */
export function formatNbai(amount: Nbai, digits = 4): string {
  const sign = amount < 0n ? "-" : "";
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % NBAI).toString().padStart(18, "0").slice(0, digits).replace(/0+$/, "");
  const whole = (size / NBAI).toString();
  if (size > 0n && whole === "0" && fraction === "")
    return `${sign}< 0.${"0".repeat(Math.max(0, digits - 1))}1`;
  return sign + whole + (fraction === "" ? "" : `.${fraction}`);
}

/** Base units from an amount a person wrote, such as "0.25" (at most 18 decimals). Throws `InvalidInput` on anything else. */
export function parseNbai(text: string): Nbai {
  const match = /^([0-9]{1,11})(?:\.([0-9]{1,18}))?$/.exec(text.trim());
  if (!match) {
    throw new InvalidInput(
      "INPUT_INVALID",
      `Expected an amount in NBAI such as 0.25, got "${text.slice(0, 40)}"`,
    );
  }
  return BigInt(match[1] ?? "0") * NBAI + BigInt((match[2] ?? "").padEnd(18, "0"));
}
