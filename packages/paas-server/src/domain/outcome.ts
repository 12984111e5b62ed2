import {
  RUN_FAILURES,
  type Exit,
  type FailureCode,
  type FrameResult,
  type JobFailure,
  type Outcome,
} from "@nebula/protocol";

/** How an attempt ended, as the rig reported it and as the server knows it. */
export interface ExitFacts {
  readonly exit: Exit;
  /** The outcome that the rig claims. */
  readonly claimed: Outcome;
  /** The runner's last frame; null when none came. */
  readonly result: FrameResult | null;
  readonly isCancelRequested: boolean;
}

/** Outcome for the receipt, and the code with which the job fails (null: it finished). */
export interface Verdict {
  readonly outcome: Outcome;
  readonly failure: FailureCode | null;
}

const FINISHED: Verdict = { outcome: "OK", failure: null };
const OOM: Verdict = { outcome: "USER_ERROR", failure: "MEMORY_EXCEEDED" };
const RIG_FAULT: Verdict = { outcome: "RIG_FAULT", failure: "RIG_FAULT" };

function endedByResult(result: FrameResult, facts: ExitFacts): Verdict {
  switch (result.outcome) {
    case "ok":
      return FINISHED;
    case "error":
      return { outcome: "USER_ERROR", failure: "CELL_RAISED" };
    case "interrupted":
      // Nobody but the job itself sent the signal: the rig would have named its own reason.
      return { outcome: "USER_ERROR", failure: "KERNEL_EXITED" };
    case "kernel-died":
      return result.reason === "memory" || facts.exit.oomKilled
        ? OOM
        : { outcome: "USER_ERROR", failure: "KERNEL_EXITED" };
  }
}

function endedByItself(facts: ExitFacts): Verdict {
  if (facts.result !== null) return endedByResult(facts.result, facts);
  // The runner always writes a result: without one it was the kernel's memory limit, or the rig broke it.
  return facts.exit.oomKilled ? OOM : RIG_FAULT;
}

function stopped(facts: ExitFacts, verdict: Verdict): Verdict {
  return facts.result?.outcome === "ok" ? FINISHED : verdict;
}

function byReason(facts: ExitFacts): Verdict {
  switch (facts.exit.reason) {
    case "ended":
      return endedByItself(facts);
    case "cancelled":
      // A rig that stops a job nobody cancelled is at fault.
      return stopped(
        facts,
        facts.isCancelRequested ? { outcome: "CANCELLED", failure: "CANCELLED" } : RIG_FAULT,
      );
    case "time-limit":
      return stopped(facts, { outcome: "TIMEOUT", failure: "TIME_LIMIT" });
    case "ceiling":
      return stopped(facts, { outcome: "TIMEOUT", failure: "CEILING_REACHED" });
    case "killed-outside":
      return { outcome: "RIG_FAULT", failure: "CONTAINER_KILLED" };
    case "start-failed":
    case "rig-fault":
    case "dead-man":
      return RIG_FAULT;
  }
}

/** Judges an attempt's end; a job that finished before it was stopped has finished. A rig that claims its own fault is believed: nothing is charged then. */
export function judgeExit(facts: ExitFacts): Verdict {
  const verdict = byReason(facts);
  return facts.claimed === "RIG_FAULT" && verdict.outcome !== "RIG_FAULT" ? RIG_FAULT : verdict;
}

const MESSAGES: Readonly<Record<FailureCode, string>> = {
  CELL_RAISED: "A cell raised an error. The time up to it is charged.",
  KERNEL_EXITED:
    "The Python interpreter ended before the cells had finished. The time up to then is charged.",
  MEMORY_EXCEEDED:
    "The job needed more memory than its class gives and was stopped. The time up to then is charged.",
  TIME_LIMIT: "The job reached its time limit and was stopped. The time up to then is charged.",
  CEILING_REACHED:
    "The job reached the most it was allowed to cost and was stopped. The ceiling is charged, nothing above.",
  CANCELLED: "The job was cancelled. Only the time that it ran is charged.",
  RIG_LOST: "The rigs that ran this job went away before it had finished. Nothing is charged.",
  RIG_FAULT: "The rigs that ran this job failed. Nothing is charged.",
  CONTAINER_KILLED: "Somebody or something on the rig stopped the job's container. Nothing is charged.",
  NO_RIG: "No rig of this class took the job in time. Nothing is charged.",
};

/** The failure as the job's owner reads it: what happened, whether anything was charged, who can act. `detail` is added in brackets. */
export function failureOf(code: FailureCode, detail = ""): JobFailure {
  const { who, charged, remedy } = RUN_FAILURES[code];
  return {
    code,
    message: detail === "" ? MESSAGES[code] : `${MESSAGES[code]} (${detail})`,
    who,
    charged,
    remedy,
  };
}
