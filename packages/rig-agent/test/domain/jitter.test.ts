import { describe, expect, it } from "vitest";
import { ladder } from "../../src/domain/ladder.ts";
import { reconnectDelayMs } from "../../src/domain/jitter.ts";

describe("the wait before the next try to connect", () => {
  it.each([
    [0, 0.999, 999],
    [0, 0, 0],
    [3, 0.5, 4_000],
    [6, 0.999, 59_940],
    [1_000, 0.999, 59_940],
  ])("after %i failures and chance %f is %i ms", (failures, random, waitMs) => {
    expect(reconnectDelayMs(failures, random)).toBe(waitMs);
  });
});

describe("the ladder of signals", () => {
  it.each([
    ["interrupt", ["SIGINT 0", "SIGTERM 500", "SIGKILL 3500"]],
    ["terminate", ["SIGTERM 0", "SIGKILL 3000"]],
    ["kill", ["SIGKILL 0"]],
  ] as const)("of %s is %j", (mode, rungs) => {
    expect(ladder(mode, 500).map(({ signal, afterMs }) => `${signal} ${String(afterMs)}`)).toEqual(rungs);
  });
});
