import { describe, expect, it } from "vitest";
import type { Exit, FrameResult, Outcome } from "@nebula/protocol";
import { outcomeOf } from "../../src/domain/outcome.ts";

type Reason = Exit["reason"];
type Said = FrameResult["outcome"] | null;

const anExit = (reason: Reason, changes: Partial<Exit> = {}): Exit => ({
  code: 0,
  oomKilled: false,
  detail: "",
  reason,
  ...changes,
});
const aResult = (outcome: Said): FrameResult | null =>
  outcome === null ? null : { t: "result", n: 0, outcome, usedMs: 1, artefacts: [], artefactsSkipped: [] };

describe("the outcome", () => {
  it.each<[Reason, Said, Outcome]>([
    ["ended", "ok", "OK"],
    ["ended", "error", "USER_ERROR"],
    ["ended", "interrupted", "USER_ERROR"],
    ["ended", "kernel-died", "USER_ERROR"],
    ["ended", null, "RIG_FAULT"],
    ["cancelled", null, "CANCELLED"],
    ["cancelled", "interrupted", "CANCELLED"],
    ["cancelled", "error", "CANCELLED"],
    ["cancelled", "ok", "OK"],
    ["time-limit", "interrupted", "TIMEOUT"],
    ["time-limit", null, "TIMEOUT"],
    ["time-limit", "ok", "OK"],
    ["ceiling", "interrupted", "TIMEOUT"],
    ["killed-outside", "ok", "RIG_FAULT"],
    ["killed-outside", null, "RIG_FAULT"],
    ["start-failed", null, "RIG_FAULT"],
    ["rig-fault", "ok", "RIG_FAULT"],
    ["dead-man", "error", "RIG_FAULT"],
  ])("of a run that ended by %s and said %s is %s", (reason, said, outcome) => {
    expect(outcomeOf(anExit(reason), aResult(said))).toBe(outcome);
  });

  it("of a runner that memory ran out under is the user's error", () => {
    expect(outcomeOf(anExit("ended", { oomKilled: true, code: 137 }), null)).toBe("USER_ERROR");
  });

  it("of a job that outlived a child without memory is its own", () => {
    expect(outcomeOf(anExit("ended", { oomKilled: true }), aResult("ok"))).toBe("OK");
  });
});
