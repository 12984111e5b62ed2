import { jobSpecSchema, type Job, type JobSpec, type TranscriptEvent } from "@nebula/protocol";

type Frame = TranscriptEvent["frame"];
/** A frame without its payload count, which no viewer reads. */
export type FrameSketch = Frame extends infer Each
  ? Each extends unknown
    ? Omit<Each, "n"> & { t: string }
    : never
  : never;

export const JOB_ID = "job_01m8000000aaaaaaaaaaaaaaaa";
const address = `0x${"a1".repeat(20)}`;

/** A queued job of one cell, `c1`, with a ceiling of 0.02 NBAI. */
export function aJob(fields: Partial<Job> = {}): Job {
  return {
    id: JOB_ID,
    state: "queued",
    title: "lesson.ipynb",
    class: "cpu",
    image: "coursework",
    cellIds: ["c1"],
    specHash: `0x${"00".repeat(32)}`,
    attemptNo: 0,
    rig: null,
    submittedAtMs: 1_700_000_000_000,
    startedAtMs: null,
    endedAtMs: null,
    queue: null,
    progress: null,
    usedMs: 0,
    ceiling: 20_000_000_000_000_000n,
    held: 20_000_000_000_000_000n,
    price: 0n,
    refunded: 0n,
    failure: null,
    artefacts: [],
    receiptHash: null,
    settlementTx: null,
    lastSeq: 0,
    payer: address,
    allocationId: "alo_01m8000000aaaaaaaaaaaaaaaa",
    ...fields,
  };
}

export function aRunningJob(fields: Partial<Job> = {}): Job {
  const rig = { id: "rig_01m8000000aaaaaaaaaaaaaaaa", name: "rig-lab-3" };
  return aJob({ state: "running", attemptNo: 1, rig, startedAtMs: 1_700_000_001_000, ...fields });
}

export function aFinishedJob(fields: Partial<Job> = {}): Job {
  return aRunningJob({
    state: "finished",
    endedAtMs: 1_700_000_013_000,
    usedMs: 12_000,
    price: 400_000_000_000_000n,
    receiptHash: `0x${"cc".repeat(32)}`,
    ...fields,
  });
}

/** Events with ascending `seq` from `since + 1`, all of one attempt. */
export function events(frames: readonly FrameSketch[], since = 0, attemptNo = 1): TranscriptEvent[] {
  return frames.map((frame, at) => ({
    seq: since + at + 1,
    attemptNo,
    atMs: 1_700_000_002_000 + at,
    frame: { n: 0, ...frame } as Frame, // a sketch is a frame without its count
  }));
}

export const printed = (text: string, cell = "c1", name: "stdout" | "stderr" = "stdout"): FrameSketch => ({
  t: "stream",
  cell,
  content: { name, text },
});
export const started = (cell = "c1"): FrameSketch => ({ t: "status", state: "cell-started", cell });
export const finished = (executionCount: number, cell = "c1"): FrameSketch => ({
  t: "status",
  state: "cell-finished",
  cell,
  executionCount,
});
export const displayed = (text: string, displayId?: string, cell = "c1"): FrameSketch => ({
  t: "display",
  cell,
  kind: "display_data",
  content: {
    data: { "text/plain": text },
    metadata: {},
    ...(displayId ? { transient: { display_id: displayId } } : {}),
  },
});
export const redisplayed = (text: string, displayId: string, cell = "c1"): FrameSketch => ({
  t: "update_display",
  cell,
  content: { data: { "text/plain": text }, metadata: {}, transient: { display_id: displayId } },
});
export const raised = (ename: string, evalue: string, cell = "c1"): FrameSketch => ({
  t: "error",
  cell,
  content: { ename, evalue, traceback: [`${ename}: ${evalue}`] },
});

/** A job specification with these run cells. */
export function aSpec(cells: readonly { id: string; source: string; role?: "setup" | "run" }[]): JobSpec {
  return jobSpecSchema.parse({
    v: 1,
    image: "coursework",
    class: "cpu",
    cells: cells.map((cell) => ({ role: "run", ...cell })),
    title: "lesson.ipynb",
  });
}
