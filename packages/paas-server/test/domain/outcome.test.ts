import { RUN_FAILURES, type Exit, type FailureCode, type FrameResult, type Outcome } from "@nebula/protocol";
import { expect, test } from "vitest";
import { failureOf, judgeExit } from "../../src/domain/outcome.ts";

const anExit = (exit: Partial<Exit> = {}): Exit => ({
  code: 0,
  oomKilled: false,
  reason: "ended",
  detail: "",
  ...exit,
});
const aResult = (outcome: FrameResult["outcome"], reason: string | null = null): FrameResult => ({
  t: "result",
  n: 0,
  outcome,
  reason,
  usedMs: 1,
  artefacts: [],
  artefactsSkipped: [],
});

interface Case {
  readonly exit?: Partial<Exit>;
  readonly result?: FrameResult;
  readonly cancelled?: boolean;
  readonly claimed?: Outcome;
  readonly verdict: readonly [Outcome, FailureCode | null];
}

test.each<[string, Case]>([
  ["an end with a good result", { result: aResult("ok"), verdict: ["OK", null] }],
  [
    "a good result before the time limit struck",
    { exit: { reason: "time-limit" }, result: aResult("ok"), verdict: ["OK", null] },
  ],
  ["an error in a cell", { result: aResult("error"), verdict: ["USER_ERROR", "CELL_RAISED"] }],
  [
    "a signal that the job sent itself",
    { result: aResult("interrupted"), verdict: ["USER_ERROR", "KERNEL_EXITED"] },
  ],
  [
    "a kernel that memory killed",
    { result: aResult("kernel-died", "memory"), verdict: ["USER_ERROR", "MEMORY_EXCEEDED"] },
  ],
  ["no result", { exit: { code: 70 }, verdict: ["RIG_FAULT", "RIG_FAULT"] }],
  [
    "no result and no memory",
    { exit: { code: 137, oomKilled: true }, verdict: ["USER_ERROR", "MEMORY_EXCEEDED"] },
  ],
  ["a cancel", { exit: { reason: "cancelled" }, cancelled: true, verdict: ["CANCELLED", "CANCELLED"] }],
  ["a cancel that nobody asked for", { exit: { reason: "cancelled" }, verdict: ["RIG_FAULT", "RIG_FAULT"] }],
  [
    "a kill from outside",
    {
      exit: { reason: "killed-outside" },
      result: aResult("kernel-died"),
      verdict: ["RIG_FAULT", "CONTAINER_KILLED"],
    },
  ],
  ["a dead man", { exit: { reason: "dead-man" }, verdict: ["RIG_FAULT", "RIG_FAULT"] }],
  [
    "a rig that claims its own fault",
    { result: aResult("ok"), claimed: "RIG_FAULT", verdict: ["RIG_FAULT", "RIG_FAULT"] },
  ],
])("%s is judged", (_name, { exit, result, cancelled, claimed, verdict }) => {
  const judged = judgeExit({
    exit: anExit(exit),
    result: result ?? null,
    isCancelRequested: cancelled ?? false,
    claimed: claimed ?? verdict[0],
  });

  expect([judged.outcome, judged.failure]).toEqual(verdict);
});

test.each(Object.keys(RUN_FAILURES) as FailureCode[])(
  "the message of %s says whether anything is charged",
  (code) => {
    const { message, charged } = failureOf(code);

    expect(/charged/.test(message)).toBe(true);
    expect(/Nothing is charged/.test(message)).toBe(charged === "no");
  },
);
