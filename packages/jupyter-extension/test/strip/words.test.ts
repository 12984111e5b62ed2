import { expect, it } from "vitest";
import { formatAmount, formatBytes, formatDuration, formatUsed } from "../../src/strip/words.ts";

it.each([
  [0, "0:00"],
  [59_999, "0:59"],
  [65_000, "1:05"],
  [3_600_000, "1:00:00"],
])("writes %d ms as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it.each([
  [0, "0.0 s"],
  [520, "0.5 s"],
  [9_999, "9.9 s"],
  [10_000, "0:10"],
])("writes %d ms of use as %s", (ms, text) => {
  expect(formatUsed(ms)).toBe(text);
});

it.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_536, "1.5 KiB"],
  [310 * 1024 ** 2, "310 MiB"],
])("writes %d bytes as %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0n, "0 NBAI"],
  [1n, "0.000000000000000001 NBAI"],
  [33_333_333_333n, "0.000000033 NBAI"],
  [400_000_000_000_000n, "0.0004 NBAI"],
  [12_345_678_901_234_567n, "0.012 NBAI"],
  [999_999_999_999_999_999n, "0.99 NBAI"],
  [1_234_567_890_123_456_789n, "1.234 NBAI"],
])("writes %d base units as %s", (amount, text) => {
  expect(formatAmount(amount)).toBe(text);
});
