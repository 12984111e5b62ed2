import type { TranslationBundle } from "@jupyterlab/translation";
import type { ReceiptCheck, Verification } from "@nebula/client";
import { priceOf, unitsOf, type Job, type NebulaError, type Offerings } from "@nebula/protocol";
import type { CellLeftOut } from "../cell/cell-output.ts";
import type { RunPhase } from "../cell/job-run.ts";
import { failureRow, type JobRecord } from "../cell/record.ts";
import type { RunProgress } from "../cell/run-progress.ts";
import { formatAmount, formatBytes, formatDuration, formatUsed, whoCanAct } from "./words.ts";

export type StripAction =
  | "cancel"
  | "retry"
  | "dismiss"
  | "sign-in"
  | "sign-in-for-receipt"
  | "show-receipt"
  | "verify-receipt"
  | "save-log"
  | "save-files";
export type StripTone = "busy" | "good" | "bad" | "warn" | "plain";

/** What the strip shows, in words; the widget only lays it out. */
export interface StripView {
  readonly tone: StripTone;
  readonly title: string;
  readonly facts: readonly string[];
  /** Null: no bar. A bar without a fraction only says that work goes on. */
  readonly bar: { readonly fraction: number | null; readonly note: string } | null;
  readonly notes: readonly string[];
  readonly actions: readonly StripAction[];
  readonly checks: readonly ReceiptCheck[];
  /** What the checks come to; null while none was made. */
  readonly verdict: string | null;
}

/** What is known of a job, as `JobRun` holds it. */
export interface RunFacts {
  readonly phase: RunPhase;
  readonly record: JobRecord | null;
  readonly job: Job | null;
  readonly error: NebulaError | null;
  readonly link: "live" | "reconnecting";
  readonly isCancelling: boolean;
  readonly verification: Verification | null;
  readonly leftOut: CellLeftOut;
  readonly pressed: readonly string[];
  readonly progress: RunProgress;
}

export interface ViewContext {
  readonly trans: TranslationBundle;
  readonly isSignedIn: boolean;
  /** The source has changed since the job took it. */
  readonly isStale: boolean;
  /** The cell has run elsewhere since. */
  readonly isSuperseded: boolean;
  readonly offerings: Offerings | null;
}

/** Files that are named in the strip; the rest is counted. */
const FILES_SHOWN = 4;

type Parts = Pick<StripView, "tone" | "title"> & Partial<StripView>;

function view(parts: Parts): StripView {
  return { facts: [], bar: null, notes: [], actions: [], checks: [], verdict: null, ...parts };
}

function errorNotes(error: NebulaError, trans: TranslationBundle): string[] {
  return [error.message, `${whoCanAct(error.row.who, trans)} ${error.row.remedy}`];
}

function refusedView(run: RunFacts, trans: TranslationBundle): StripView {
  const notes = run.error ? errorNotes(run.error, trans) : [];
  return view({
    tone: "bad",
    title: trans.__("Not submitted"),
    facts: [trans.__("nothing was charged")],
    notes,
    actions: ["retry", "dismiss"],
  });
}

function classOf(record: JobRecord, offerings: Offerings | null): Offerings["classes"][number] | null {
  return offerings?.classes.find((row) => row.name === record.rigClass) ?? null;
}

/** Cost so far in base units: what the server said last, or the time since at the price of the class. */
function costSoFar(run: RunFacts, record: JobRecord, offerings: Offerings | null): bigint {
  const told = run.job?.price ?? BigInt(record.price);
  const row = classOf(record, offerings);
  if (row === null) return told;
  const reckoned = priceOf(unitsOf(Math.floor(run.progress.elapsedMs()), row.speedMilli), row.unitPrice);
  const ceiling = BigInt(record.ceiling);
  const cost = reckoned > told ? reckoned : told;
  return cost < ceiling ? cost : ceiling;
}

function classFact(record: JobRecord, { trans, offerings }: ViewContext): string {
  return classOf(record, offerings)?.gpu === null
    ? trans.__("class %1 (no GPU)", record.rigClass)
    : trans.__("class %1", record.rigClass);
}

function queuedView(run: RunFacts, record: JobRecord, context: ViewContext): StripView {
  const { trans } = context;
  const queue = run.job?.queue;
  const ahead = queue && queue.ahead > 0 ? [trans._n("%1 job ahead", "%1 jobs ahead", queue.ahead)] : [];
  return view({
    tone: "busy",
    title: run.isCancelling ? trans.__("Cancelling…") : trans.__("Queued"),
    facts: [
      classFact(record, context),
      ...ahead,
      trans.__("at most %1", formatAmount(BigInt(record.ceiling))),
    ],
    bar: { fraction: null, note: "" },
    notes: [...(queue?.reason ? [queue.reason] : []), ...attemptNote(run, trans)],
    actions: run.isCancelling ? [] : ["cancel"],
  });
}

function attemptNote(run: RunFacts, trans: TranslationBundle): string[] {
  const attemptNo = Math.max(run.progress.attemptNo, run.job?.attemptNo ?? 0);
  if (attemptNo < 2) return [];
  const reason = run.progress.attemptReason;
  const text = trans.__("Attempt %1: the one before was lost, and costs nothing.", attemptNo);
  return [reason === "" ? text : `${text} ${reason}`];
}

function cellFact(run: RunFacts, trans: TranslationBundle): string[] {
  if (run.pressed.length < 2) return [];
  const done = run.pressed.filter((id) => run.progress.finishedCells.has(id)).length;
  return [trans.__("cell %1 of %2", Math.min(done + 1, run.pressed.length), run.pressed.length)];
}

function runningView(run: RunFacts, record: JobRecord, context: ViewContext): StripView {
  const { trans } = context;
  const { progress, job } = run;
  const title = job?.rig ? trans.__("Running on %1", job.rig.name) : trans.__("Running");
  const cost = formatAmount(costSoFar(run, record, context.offerings));
  const memory =
    progress.memoryPeakBytes > 0 ? [trans.__("memory %1", formatBytes(progress.memoryPeakBytes))] : [];
  return view({
    tone: "busy",
    title: run.isCancelling ? trans.__("Cancelling…") : title,
    facts: [
      classFact(record, context),
      formatDuration(progress.elapsedMs()),
      ...cellFact(run, trans),
      trans.__("%1 so far, at most %2", cost, formatAmount(BigInt(record.ceiling))),
      ...memory,
    ],
    bar: { fraction: progress.fraction, note: progress.note },
    notes: [...attemptNote(run, trans), ...leftOutNote(run, trans)],
    actions: run.isCancelling ? [] : ["cancel"],
  });
}

function leftOutNote({ leftOut }: RunFacts, trans: TranslationBundle): string[] {
  if (leftOut.bytes === 0 && leftOut.displays === 0) return [];
  const text = trans._n("%1 more line", "%1 more lines", leftOut.lines);
  return [trans.__("%1 (%2) are in the full log, not in the notebook.", text, formatBytes(leftOut.bytes))];
}

function chargeFact(record: JobRecord, trans: TranslationBundle): string {
  const price = BigInt(record.price);
  return price === 0n ? trans.__("nothing was charged") : trans.__("%1 charged", formatAmount(price));
}

function settlementFact(record: JobRecord, trans: TranslationBundle): string[] {
  if (BigInt(record.price) === 0n || record.receiptHash === null) return [];
  return record.state === "settled"
    ? [trans.__("settled on the chain")]
    : [trans.__("settling on the chain…")];
}

function failureNotes(record: JobRecord, trans: TranslationBundle): string[] {
  const { failure } = record;
  if (failure === null) return [];
  const row = failureRow(failure.code);
  // Whoever cancelled needs no advice.
  if (row && failure.code === "CANCELLED") return [row.remedy];
  const notes = [failure.message];
  if (row) notes.push(`${whoCanAct(row.who, trans)} ${row.remedy}`);
  if (failure.errorName === "NameError") {
    notes.push(
      trans.__(
        "Every press runs in a fresh kernel: give the cell that defines this name the tag “nebula-setup”, or select both cells.",
      ),
    );
  }
  return notes;
}

function endedTitle(record: JobRecord, trans: TranslationBundle): { title: string; tone: StripTone } {
  if (record.failure?.code === "CANCELLED" || record.state === "cancelled")
    return { title: trans.__("Cancelled"), tone: "plain" };
  if (record.failure !== null || record.state === "failed") return { title: trans.__("Failed"), tone: "bad" };
  return { title: trans.__("Finished"), tone: "good" };
}

function staleNotes({ trans, isStale, isSuperseded }: ViewContext): string[] {
  if (isSuperseded) {
    return [trans.__("The outputs below are of a later run; the receipt is of this job.")];
  }
  return isStale ? [trans.__("The source has changed since this job ran it.")] : [];
}

function endedView(run: RunFacts, record: JobRecord, context: ViewContext): StripView {
  const { trans } = context;
  const end = endedTitle(record, trans);
  const stale = staleNotes(context);
  const fresh = trans.__("Ran in a fresh kernel: its variables are not kept for the next press.");
  return view({
    tone: stale.length > 0 && end.tone !== "bad" ? "warn" : end.tone,
    title: end.title,
    facts: [
      chargeFact(record, trans),
      formatUsed(record.usedMs),
      classFact(record, context),
      ...settlementFact(record, trans),
    ],
    notes: [
      ...failureNotes(record, trans),
      ...stale,
      ...leftOutNote(run, trans),
      ...filesNote(run, trans),
      ...(end.tone === "good" && !context.isSuperseded ? [fresh] : []),
    ],
    actions: endedActions(run, record, context),
    checks: run.verification?.checks ?? [],
    verdict: verdictOf(run.verification, trans),
  });
}

function endedActions(run: RunFacts, record: JobRecord, { isSignedIn }: ViewContext): StripAction[] {
  if (!isSignedIn) return ["sign-in-for-receipt"];
  const files: StripAction[] = filesOf(run).length > 0 ? ["save-files"] : [];
  const receipt: StripAction[] = record.receiptHash === null ? [] : ["show-receipt", "verify-receipt"];
  return [...files, ...receipt, "save-log"];
}

function filesOf(run: RunFacts): Job["artefacts"] {
  return run.job?.artefacts ?? [];
}

function filesNote(run: RunFacts, trans: TranslationBundle): string[] {
  const files = filesOf(run);
  if (files.length === 0) return [];
  const shown = files
    .slice(0, FILES_SHOWN)
    .map(({ path, sizeBytes }) => `${path} (${formatBytes(sizeBytes)})`);
  const more = files.length - shown.length;
  const rest = more > 0 ? [trans._n("%1 more", "%1 more", more)] : [];
  return [trans.__("Files: %1", [...shown, ...rest].join(", "))];
}

function verdictOf(verification: Verification | null, trans: TranslationBundle): string | null {
  if (verification === null) return null;
  if (verification.verified)
    return trans.__("The receipt is verified: signatures, price and settlement hold.");
  const failed = verification.checks.filter((check) => check.ok === false).length;
  if (failed === 0)
    return trans.__("The receipt could not be checked whole; nothing speaks against it so far.");
  return trans._n(
    "The receipt does not hold: %1 check failed.",
    "The receipt does not hold: %1 checks failed.",
    failed,
  );
}

function detachedView(run: RunFacts, record: JobRecord, context: ViewContext): StripView {
  const { trans } = context;
  const notes = run.error
    ? errorNotes(run.error, trans)
    : [trans.__("The job goes on at the campus. What is shown here is what the notebook was saved with.")];
  return view({
    tone: "warn",
    title: trans.__("Not followed now"),
    facts: [classFact(record, context), trans.__("at most %1", formatAmount(BigInt(record.ceiling)))],
    notes,
    actions: context.isSignedIn ? [] : ["sign-in"],
  });
}

function isOver(record: JobRecord): boolean {
  return record.state !== "draft" && record.state !== "queued" && record.state !== "running";
}

function followedView(run: RunFacts, record: JobRecord, context: ViewContext): StripView {
  if (isOver(record)) return endedView(run, record, context);
  return record.state === "running" ? runningView(run, record, context) : queuedView(run, record, context);
}

function withLink(strip: StripView, run: RunFacts, trans: TranslationBundle): StripView {
  const notes = [...strip.notes];
  if (run.phase === "following" && run.link === "reconnecting") {
    notes.push(trans.__("The connection to the campus is cut; the job goes on, and the output catches up."));
  }
  if (run.phase === "following" && run.error) notes.push(...errorNotes(run.error, trans));
  return { ...strip, notes };
}

/** What the strip of a job shows now. */
export function viewOf(run: RunFacts, context: ViewContext): StripView {
  const { trans } = context;
  const { record } = run;
  if (run.phase === "refused") return refusedView(run, trans);
  if (record === null)
    return view({ tone: "busy", title: trans.__("Submitting…"), bar: { fraction: null, note: "" } });
  switch (run.phase) {
    case "submitting":
    case "following":
      return withLink(followedView(run, record, context), run, trans);
    case "ended":
      return endedView(run, record, context);
    case "elsewhere":
      return view({
        tone: "plain",
        title: trans.__("Followed in another tab"),
        notes: [trans.__("Another tab of this browser writes the outputs of this job.")],
      });
    case "detached":
      return detachedView(run, record, context);
  }
}

/** What a pressed cell shows that does not carry the strip; null where there is nothing to say. */
export function memberText(run: RunFacts, cellId: string, trans: TranslationBundle): string | null {
  if (run.phase !== "following" || run.record === null || isOver(run.record)) return null;
  if (run.progress.finishedCells.has(cellId)) return trans.__("Done, in the running job");
  if (run.progress.currentCell === cellId) return trans.__("Running");
  return trans.__("Waiting for the cells before it");
}
