import { nullTranslator } from "@jupyterlab/translation";
import { expect, it } from "vitest";
import { InsufficientFunds, NotFound, type Job, type NebulaError } from "@nebula/protocol";
import { OFFERINGS } from "../a-campus.ts";
import { aFinishedJob, aJob, aRunningJob, aSpec, events, finished, raised, started } from "../a-job.ts";
import type { RunPhase } from "../../src/cell/job-run.ts";
import { newRecords, withJob, type JobRecord } from "../../src/cell/record.ts";
import { RunProgress } from "../../src/cell/run-progress.ts";
import { memberText, viewOf, type RunFacts, type ViewContext } from "../../src/strip/view.ts";

const trans = nullTranslator.load("nebula");
const CONTEXT: ViewContext = {
  trans,
  isSignedIn: true,
  isStale: false,
  isSuperseded: false,
  offerings: OFFERINGS,
};

function recordOf(job: Job): JobRecord {
  const record = newRecords(job, aSpec([{ id: "c1", source: "1" }]), "c1").get("c1");
  if (!record) throw new Error("The specification has no cell c1");
  return withJob(record, job);
}

function facts(phase: RunPhase, job: Job | null, fields: Partial<RunFacts> = {}): RunFacts {
  const progress = new RunProgress(() => 0);
  if (job) progress.takeJob(job);
  return {
    phase,
    job,
    record: job && recordOf(job),
    error: null,
    link: "live",
    isCancelling: false,
    verification: null,
    leftOut: { lines: 0, bytes: 0, displays: 0 },
    pressed: ["c1"],
    progress,
    ...fields,
  };
}

const failed = (
  code: "CELL_RAISED" | "RIG_LOST" | "CANCELLED",
  message: string,
  fields: Partial<Job> = {},
): Job =>
  aFinishedJob({
    state: code === "CANCELLED" ? "cancelled" : "failed",
    failure: { code, message, who: "you", charged: "used", remedy: "" },
    ...fields,
  });

/** The strip as a person reads it. */
function text(run: RunFacts, context: Partial<ViewContext> = {}): string {
  const strip = viewOf(run, { ...CONTEXT, ...context });
  const bar =
    strip.bar &&
    `[${strip.bar.fraction === null ? "…" : String(strip.bar.fraction)}] ${strip.bar.note}`.trim();
  const head = [`(${strip.tone}) ${strip.title}`, ...strip.facts].join(" | ");
  const actions = strip.actions.map((action) => `<${action}>`).join(" ");
  return [head, bar, ...strip.notes, strip.verdict, actions].filter(Boolean).join("\n");
}

it("is on its way", () => {
  expect(text(facts("submitting", null))).toMatchInlineSnapshot(`
    "(busy) Submitting…
    […]"
  `);
});

it("was refused, and says who can change it", () => {
  const error: NebulaError = new InsufficientFunds(
    "MEMBER_CAP_EXCEEDED",
    "This job may cost 0.02 NBAI; 0.004 are left.",
  );

  expect(text(facts("refused", null, { error }))).toMatchInlineSnapshot(`
    "(bad) Not submitted | nothing was charged
    This job may cost 0.02 NBAI; 0.004 are left.
    Whoever holds the budget can act. Wait for running jobs to release their holds, or ask the professor for a higher cap.
    <retry> <dismiss>"
  `);
});

it("waits, and says why", () => {
  const job = aJob({ queue: { ahead: 2, reason: "The only rig of class cpu is busy." } });

  expect(text(facts("following", job))).toMatchInlineSnapshot(`
    "(busy) Queued | class cpu (no GPU) | 2 jobs ahead | at most 0.02 NBAI
    […]
    The only rig of class cpu is busy.
    <cancel>"
  `);
});

it("runs, with time, cost and progress", () => {
  let now = 0;
  const progress = new RunProgress(() => now);
  progress.takeJob(aRunningJob());
  progress.take(
    events([
      started(),
      { t: "progress", fraction: 0.25, note: "epoch 3 of 12" },
      { t: "usage", cpuMs: 1, memoryBytes: 1, memoryPeakBytes: 310 * 1024 ** 2 },
    ]),
  );
  now = 65_000;

  expect(text(facts("following", aRunningJob(), { progress }))).toMatchInlineSnapshot(`
    "(busy) Running on rig-lab-3 | class cpu (no GPU) | 1:05 | 0.0021 NBAI so far, at most 0.02 NBAI | memory 310 MiB
    [0.25] epoch 3 of 12
    <cancel>"
  `);
});

it("never shows a cost above the ceiling", () => {
  let now = 0;
  const progress = new RunProgress(() => now);
  progress.takeJob(aRunningJob());
  now = 3_600_000;

  expect(text(facts("following", aRunningJob(), { progress }))).toContain(
    "0.02 NBAI so far, at most 0.02 NBAI",
  );
});

it("counts the cells of a larger job, and says when an attempt was lost", () => {
  const progress = new RunProgress(() => 0);
  progress.takeJob(aRunningJob({ attemptNo: 2 }));
  progress.take(
    events([{ t: "attempt", rig: "r", reason: "rig-lab-1 was not heard of for 60 s." }, finished(1)], 0, 2),
  );

  expect(text(facts("following", aRunningJob({ attemptNo: 2 }), { progress, pressed: ["c1", "c2", "c3"] })))
    .toMatchInlineSnapshot(`
      "(busy) Running on rig-lab-3 | class cpu (no GPU) | 0:00 | cell 2 of 3 | 0 NBAI so far, at most 0.02 NBAI
      […]
      Attempt 2: the one before was lost, and costs nothing. rig-lab-1 was not heard of for 60 s.
      <cancel>"
    `);
});

it("is being cancelled", () => {
  expect(text(facts("following", aRunningJob(), { isCancelling: true }))).toContain("(busy) Cancelling…");
});

it("says that the connection is cut", () => {
  expect(text(facts("following", aRunningJob(), { link: "reconnecting" }))).toContain(
    "The connection to the campus is cut; the job goes on, and the output catches up.",
  );
});

it("has finished, and offers the receipt", () => {
  expect(text(facts("ended", aFinishedJob({ state: "settled", settlementTx: `0x${"dd".repeat(32)}` }))))
    .toMatchInlineSnapshot(`
    "(good) Finished | 0.0004 NBAI charged | 0:12 | class cpu (no GPU) | settled on the chain
    Ran in a fresh kernel: its variables are not kept for the next press.
    <show-receipt> <verify-receipt> <save-log>"
  `);
});

it("is amber when the source has changed since", () => {
  expect(text(facts("ended", aFinishedJob()), { isStale: true })).toMatchInlineSnapshot(`
    "(warn) Finished | 0.0004 NBAI charged | 0:12 | class cpu (no GPU) | settling on the chain…
    The source has changed since this job ran it.
    Ran in a fresh kernel: its variables are not kept for the next press.
    <show-receipt> <verify-receipt> <save-log>"
  `);
});

it("says when the outputs are of a later run", () => {
  expect(text(facts("ended", aFinishedJob()), { isSuperseded: true })).toContain(
    "The outputs below are of a later run; the receipt is of this job.",
  );
});

it("says where the rest of a long output is", () => {
  const leftOut = { lines: 98_000, bytes: 6_100_000, displays: 0 };

  expect(text(facts("ended", aFinishedJob(), { leftOut }))).toContain(
    "98000 more lines (5.8 MiB) are in the full log, not in the notebook.",
  );
});

it("has failed by the student's own code, with the advice that fits a NameError", () => {
  const job = failed("CELL_RAISED", "NameError: name 'model' is not defined");
  const record = recordOf(job);
  const progress = new RunProgress(() => 0);
  progress.takeJob(job);
  progress.take(events([raised("NameError", "name 'model' is not defined")]));
  const run = facts("ended", job, {
    record: { ...record, failure: { ...record.failure!, errorName: progress.errorName! } },
  });

  expect(text(run)).toMatchInlineSnapshot(`
    "(bad) Failed | 0.0004 NBAI charged | 0:12 | class cpu (no GPU) | settling on the chain…
    NameError: name 'model' is not defined
    You can act. Read the traceback under the cell, correct the code and run again.
    Every press runs in a fresh kernel: give the cell that defines this name the tag “nebula-setup”, or select both cells.
    <show-receipt> <verify-receipt> <save-log>"
  `);
});

it("has failed by the rig's fault, and nothing was charged", () => {
  const job = failed("RIG_LOST", "rig-lab-3 was not heard of for 60 s", { price: 0n, receiptHash: null });

  expect(text(facts("ended", job))).toMatchInlineSnapshot(`
    "(bad) Failed | nothing was charged | 0:12 | class cpu (no GPU)
    rig-lab-3 was not heard of for 60 s
    The rig failed; you did nothing wrong. The rig went away and no other could take over; run again.
    <save-log>"
  `);
});

it("was cancelled", () => {
  expect(text(facts("ended", failed("CANCELLED", "cancelled")))).toMatchInlineSnapshot(`
    "(plain) Cancelled | 0.0004 NBAI charged | 0:12 | class cpu (no GPU) | settling on the chain…
    You cancelled the job; output up to then is kept.
    <show-receipt> <verify-receipt> <save-log>"
  `);
});

it("asks to sign in for a job that goes on, and for the receipt of one that has ended", () => {
  expect(text(facts("detached", aRunningJob()), { isSignedIn: false })).toMatchInlineSnapshot(`
    "(warn) Not followed now | class cpu (no GPU) | at most 0.02 NBAI
    The job goes on at the campus. What is shown here is what the notebook was saved with.
    <sign-in>"
  `);
  expect(viewOf(facts("ended", aFinishedJob()), { ...CONTEXT, isSignedIn: false }).actions).toEqual([
    "sign-in-for-receipt",
  ]);
});

it("says why a job cannot be followed", () => {
  const error = new NotFound("JOB_UNKNOWN", "There is no such job, or it is another person's.");

  expect(text(facts("detached", aRunningJob(), { error }))).toContain(
    "There is no such job, or it is another person's.",
  );
});

it("leaves the writing to another tab", () => {
  expect(text(facts("elsewhere", aRunningJob()))).toMatchInlineSnapshot(`
    "(plain) Followed in another tab
    Another tab of this browser writes the outputs of this job."
  `);
});

it.each([
  [[true, true], true, "The receipt is verified: signatures, price and settlement hold."],
  [[true, false], false, "The receipt does not hold: 1 check failed."],
  [[true, null], false, "The receipt could not be checked whole; nothing speaks against it so far."],
])("sums checks %j up", (oks, verified, verdict) => {
  const checks = oks.map((ok, at) => ({ name: `check ${String(at)}`, ok, detail: "d" }));

  expect(
    viewOf(facts("ended", aFinishedJob(), { verification: { verified, checks } }), CONTEXT),
  ).toMatchObject({ verdict, checks });
});

it("tells the other cells of a running job how far it is", () => {
  const progress = new RunProgress(() => 0);
  progress.take(events([started("a"), finished(1, "a"), started("b")]));
  const run = facts("following", aRunningJob(), { progress, pressed: ["a", "b", "c"] });

  expect(["a", "b", "c"].map((id) => memberText(run, id, trans))).toEqual([
    "Done, in the running job",
    "Running",
    "Waiting for the cells before it",
  ]);
  expect(memberText(facts("ended", aFinishedJob()), "a", trans)).toBeNull();
});

it("names the files that a job left, and offers to save them", () => {
  const file = (path: string) => ({ path, sizeBytes: 2_048, sha256: `0x${"ab".repeat(32)}` });
  const job = aFinishedJob({ artefacts: ["a", "b", "c", "d", "sub/e", "f"].map(file) });

  const strip = viewOf(facts("ended", job), CONTEXT);

  expect(strip.actions).toContain("save-files");
  expect(strip.notes.join(" ")).toContain(
    "Files: a (2.0 KiB), b (2.0 KiB), c (2.0 KiB), d (2.0 KiB), 2 more",
  );
});
