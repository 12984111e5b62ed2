import type { Exit, FrameResult, Outcome } from "@nebula/protocol";

/** What a run that was stopped counts as; null where its own end decides. */
const BY_REASON: Readonly<Record<Exit["reason"], Outcome | null>> = {
  ended: null,
  cancelled: "CANCELLED",
  "time-limit": "TIMEOUT",
  ceiling: "TIMEOUT",
  "killed-outside": "RIG_FAULT",
  "start-failed": "RIG_FAULT",
  "rig-fault": "RIG_FAULT",
  "dead-man": "RIG_FAULT",
};

/**
 * How an attempt counts, from how its container ended and what the runner said last. Nobody pays for what is not the job's own
 * doing; a job that finished before it was stopped has finished.
 */
export function outcomeOf(exit: Exit, result: FrameResult | null): Outcome {
  const outcome = BY_REASON[exit.reason];
  if (outcome === "RIG_FAULT") return outcome;
  if (result?.outcome === "ok") return "OK";
  return outcome ?? outcomeOfEnd(exit, result);
}

function outcomeOfEnd(exit: Exit, result: FrameResult | null): Outcome {
  // A runner that leaves without a result is broken, unless memory ran out under it.
  if (result === null) return exit.oomKilled ? "USER_ERROR" : "RIG_FAULT";
  return "USER_ERROR";
}
