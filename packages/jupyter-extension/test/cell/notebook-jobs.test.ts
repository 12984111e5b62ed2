import { expect, it, vi } from "vitest";
import { InsufficientFunds, NotAllowed, NotFound, Unavailable } from "@nebula/protocol";
import { aNotebook } from "../a-notebook.ts";
import { aSignedInSession, aCampusSession, FakeCampus } from "../a-campus.ts";
import {
  aFinishedJob,
  aJob,
  aRunningJob,
  aSpec,
  events,
  finished,
  JOB_ID,
  printed,
  raised,
  started,
} from "../a-job.ts";
import { NotebookJobs, type JobsOptions } from "../../src/cell/notebook-jobs.ts";
import { newRecords, readRecord, type JobRecord } from "../../src/cell/record.ts";
import type { CampusSession } from "../../src/session/campus-session.ts";

const OPTIONS: JobsOptions = {
  lock: (_, __, work) => work(),
  now: () => 0,
  notices: { notice: () => "left out", skippedNotice: () => "skipped" },
};
const SPEC = aSpec([{ id: "c1", source: "print(1)" }]);
const RUN = events([started(), printed("hello\n"), finished(1)]);

function aRecord(fields: Partial<JobRecord> = {}): JobRecord {
  const record = newRecords(aRunningJob(), SPEC, "c1").get("c1");
  if (!record) throw new Error("The specification has no cell c1");
  return { ...record, ...fields };
}

function open(session: CampusSession, record: JobRecord | null = null, saved = "") {
  const notebook = aNotebook([{ id: "c1", source: "print(1)", metadata: record ? { nebula: record } : {} }]);
  if (saved !== "")
    notebook.cells.byId("c1")?.model.outputs.add({ output_type: "stream", name: "stdout", text: saved });
  const jobs = new NotebookJobs(session, OPTIONS);
  jobs.open(notebook.panel);
  return { ...notebook, jobs, record: () => readRecord(notebook.model.cells.get(0)) };
}

/** Lets everything run that is due already. */
const quiet = () => new Promise((resolve) => setTimeout(resolve));

it("submits a press, shows its output, and keeps the receipt in the notebook", async () => {
  const campus = new FakeCampus();
  const { jobs, outputs, record } = open(await aSignedInSession(campus));

  const pressed = jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  await quiet();
  campus.tell(aRunningJob(), RUN);
  campus.tell(aFinishedJob({ lastSeq: 3 }));
  await quiet();
  const ended = jobs.runs[0]?.phase;
  campus.tell(aFinishedJob({ state: "settled", lastSeq: 3, settlementTx: `0x${"dd".repeat(32)}` }));
  await pressed;

  expect(campus.calls.find((call) => call.name === "submitJob")).toMatchObject({
    key: "key-1",
    body: { spec: SPEC },
  });
  expect(ended).toBe("ended");
  expect(outputs("c1")).toMatchObject([{ text: "hello\n" }]);
  expect(record()).toMatchObject({
    state: "settled",
    price: "400000000000000",
    isComplete: true,
    receiptHash: `0x${"cc".repeat(32)}`,
    settlementTx: `0x${"dd".repeat(32)}`,
  });
});

it("writes the notebook to its file as soon as the campus has the job, and again when it is settled", async () => {
  const campus = new FakeCampus();
  const { jobs, saved } = open(await aSignedInSession(campus));

  const pressed = jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  await quiet();
  campus.tell(aRunningJob(), RUN);
  campus.tell(aFinishedJob({ state: "settled", lastSeq: 3 }));
  await pressed;

  expect(saved.map(({ cells }) => cells[0]?.metadata["nebula"])).toMatchObject([
    { jobId: JOB_ID, isComplete: false },
    { jobId: JOB_ID, isComplete: true, state: "settled" },
  ]);
});

it("keeps the old outputs and writes no record when a job is refused", async () => {
  const campus = new FakeCampus();
  campus.answers["submitJob"] = () =>
    Promise.reject(new InsufficientFunds("MEMBER_CAP_EXCEEDED", "too little"));
  const { jobs, outputs, record } = open(await aSignedInSession(campus), null, "old\n");

  await jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");

  expect(jobs.runs[0]).toMatchObject({ phase: "refused", isLive: false });
  expect(outputs("c1")).toMatchObject([{ text: "old\n" }]);
  expect(record()).toBeNull();
});

it("uses the same key when a press that was cut off is tried again", async () => {
  const campus = new FakeCampus();
  campus.answers["submitJob"] = () => Promise.reject(new Unavailable("SERVER_AWAY", "cut"));
  const session = await aSignedInSession(campus);
  const { jobs } = open(session);
  await jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  const [run] = jobs.runs;

  await run?.submit(session.client, SPEC, run.key ?? "");

  expect(campus.calls.filter((call) => call.name === "submitJob").map((call) => call.key)).toEqual([
    "key-1",
    "key-1",
  ]);
});

it("shows the saved outputs while signed out, and asks nobody", async () => {
  const campus = new FakeCampus();
  const { jobs, outputs } = open(aCampusSession(campus), aRecord(), "saved\n");
  await quiet();

  expect(jobs.runs[0]).toMatchObject({ phase: "detached", error: null, isLive: true });
  expect(outputs("c1")).toMatchObject([{ text: "saved\n" }]);
  expect(campus.calls).toEqual([]);
});

it("brings a running job back after a reload, from its first event", async () => {
  const campus = new FakeCampus();
  campus.job = aRunningJob({ lastSeq: 3 });
  campus.events = RUN;
  const { jobs, outputs } = open(await aSignedInSession(campus), aRecord(), "part of hel");
  await quiet();

  expect(outputs("c1")).toEqual([{ output_type: "stream", name: "stdout", text: "hello\n" }]);
  expect(campus.followed[0]?.since).toBe(0);
  expect(jobs.runs[0]?.phase).toBe("following");
});

it("restores the same outputs however often the notebook is opened", async () => {
  const campus = new FakeCampus();
  campus.job = aRunningJob({ lastSeq: 3 });
  campus.events = RUN;
  const { jobs, outputs } = open(await aSignedInSession(campus), aRecord());
  await quiet();
  const first = outputs("c1");

  jobs.restore();
  await quiet();

  expect(outputs("c1")).toEqual(first);
});

it("does not fetch again what the notebook holds whole", async () => {
  const campus = new FakeCampus();
  const settled = aRecord({ state: "settled", isComplete: true });
  const { jobs, outputs } = open(await aSignedInSession(campus), settled, "saved\n");
  await quiet();

  expect(outputs("c1")).toMatchObject([{ text: "saved\n" }]);
  expect(campus.followed).toEqual([]);
  expect(jobs.runs[0]?.phase).toBe("ended");
});

it("waits only for the settlement of a job that is whole", async () => {
  const campus = new FakeCampus();
  campus.job = aFinishedJob({ state: "settled", settlementTx: `0x${"dd".repeat(32)}` });
  const { outputs, record } = open(
    await aSignedInSession(campus),
    aRecord({ state: "finished", isComplete: true }),
    "saved\n",
  );
  await quiet();

  expect(record()?.settlementTx).toBe(`0x${"dd".repeat(32)}`);
  expect(outputs("c1")).toMatchObject([{ text: "saved\n" }]);
});

it("leaves the outputs of another person's job alone", async () => {
  const campus = new FakeCampus();
  campus.answers["getJob"] = () => Promise.reject(new NotFound("JOB_UNKNOWN", "not yours"));
  const { jobs, outputs, cells } = open(await aSignedInSession(campus), aRecord(), "theirs\n");
  await quiet();

  expect(outputs("c1")).toMatchObject([{ text: "theirs\n" }]);
  expect(cells.byId("c1")?.model.trusted).toBe(false);
  expect(jobs.runs[0]).toMatchObject({ phase: "detached", error: { code: "JOB_UNKNOWN" } });
});

it("goes on where it was after signing in again", async () => {
  const campus = new FakeCampus();
  const session = await aSignedInSession(campus);
  const { jobs, outputs } = open(session);
  void jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  await quiet();
  campus.tell(aRunningJob(), events([started(), printed("one\n")]));
  await session.signOut();
  campus.cut(new NotAllowed("TOKEN_MISSING", "signed out"));
  await quiet();
  const between = jobs.runs[0]?.phase;

  campus.events = events([started(), printed("one\n"), printed("two\n")]);
  await session.signIn();

  expect(between).toBe("detached");
  await vi.waitFor(() => expect(outputs("c1")).toMatchObject([{ text: "one\ntwo\n" }]));
});

it("remembers the name of the exception for the advice", async () => {
  const campus = new FakeCampus();
  const { jobs, record } = open(await aSignedInSession(campus));
  void jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  await quiet();
  const failure = { code: "CELL_RAISED", message: "m", who: "you", charged: "used", remedy: "r" } as const;

  campus.tell(aRunningJob(), events([started(), raised("NameError", "x")]));
  campus.tell(aFinishedJob({ state: "failed", failure }));
  await quiet();

  expect(record()?.failure).toEqual({ code: "CELL_RAISED", message: "m", errorName: "NameError" });
});

it("keeps the receipt but not the outputs of a cell that was run locally since", async () => {
  const campus = new FakeCampus();
  const settled = aRecord({ state: "settled", isComplete: true });
  const { jobs, record, cells } = open(await aSignedInSession(campus), settled);

  jobs.supersede("c1");

  expect(record()).toMatchObject({ isSuperseded: true, jobId: JOB_ID });
  expect(cells.find(JOB_ID, "c1")).toBeNull();
});

it("knows that a cell is still in a running job", async () => {
  const campus = new FakeCampus();
  const { jobs } = open(await aSignedInSession(campus));

  void jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  const atOnce = jobs.liveRunOf(["c1"]);
  await quiet();
  campus.tell(aFinishedJob());
  await quiet();

  expect(atOnce).not.toBeNull();
  expect(jobs.liveRunOf(["c1"])).toBeNull();
});

it("asks the campus to cancel, and says so until it has", async () => {
  const campus = new FakeCampus();
  const session = await aSignedInSession(campus);
  const { jobs } = open(session);
  void jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  await quiet();
  campus.answers["cancelJob"] = () => aJob();
  const [run] = jobs.runs;

  await run?.cancel(session.client);
  const asked = run?.isCancelling;
  campus.tell(aJob({ state: "cancelled" }));

  expect(asked).toBe(true);
  expect(run).toMatchObject({ isCancelling: false, isLive: false });
});

it("stops following when the last view closes", async () => {
  const campus = new FakeCampus();
  const { jobs, panel } = open(await aSignedInSession(campus));
  void jobs.press({ spec: SPEC, anchorId: "c1" }, "key-1");
  await quiet();

  const isLast = jobs.close(panel);
  jobs.dispose();

  expect(isLast).toBe(true);
  expect(campus.followed[0]?.signal?.aborted).toBe(true);
});
