import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { Job, TranscriptEvent } from "@nebula/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Call } from "../src/call.ts";
import { followJob } from "../src/follow.ts";
import type { CellsSocket, Link } from "../src/link.ts";

const POLL_MS = 5_000;
const ADDRESS = `0x${"1".repeat(40)}` as const;
const HASH = `0x${"2".repeat(64)}` as const;

const JOB: Job = {
  id: "job_00000000000000000000000001",
  state: "running",
  title: "",
  class: "cpu",
  image: "minimal",
  cellIds: [],
  specHash: HASH,
  attemptNo: 1,
  rig: null,
  submittedAtMs: 0,
  startedAtMs: 0,
  endedAtMs: null,
  queue: null,
  progress: null,
  usedMs: 0,
  ceiling: 1n,
  held: 1n,
  price: 0n,
  refunded: 0n,
  failure: null,
  artefacts: [],
  receiptHash: null,
  settlementTx: null,
  lastSeq: 10,
  payer: ADDRESS,
  allocationId: "alo_00000000000000000000000001",
};

const eventAt = (seq: number): TranscriptEvent => ({
  seq,
  attemptNo: 1,
  atMs: 0,
  frame: { t: "stream", n: 1, cell: "c", content: { name: "stdout", text: "x" } },
});

/** A following of one job whose server and socket are the test's. */
function aFollowing() {
  const socket = Object.assign(new EventEmitter(), { connected: false }) as unknown as CellsSocket &
    EventEmitter; // not connected, it is only listened to
  const link: Link = { open: () => Promise.resolve(socket), [Symbol.asyncDispose]: () => Promise.resolve() };
  const calls: string[] = [];
  const call = ((name: string) => {
    calls.push(name);
    if (name === "getJob") return Promise.resolve(JOB);
    return Promise.resolve({
      events: Array.from({ length: 10 }, (_, i) => eventAt(i + 1)),
      lastSeq: 10,
      complete: false,
    });
  }) as unknown as Call; // answers the two routes that following calls
  const leave = new AbortController();
  const seqs: number[] = [];
  const onEvents = (events: readonly TranscriptEvent[]) => void seqs.push(...events.map(({ seq }) => seq));
  const left = followJob(call, link, { jobId: JOB.id, onEvents, signal: leave.signal }).catch(
    () => undefined,
  );
  const bring = (seq: number) =>
    EventEmitter.prototype.emit.call(socket, "events", { jobId: JOB.id, events: [eventAt(seq)] });
  return { calls, seqs, bring, leave: () => (leave.abort(), left) };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("while the socket brings events, none is read by HTTP", async () => {
  const following = aFollowing();
  await turn();

  following.bring(1);
  await vi.advanceTimersByTimeAsync(POLL_MS);
  following.bring(2);
  await vi.advanceTimersByTimeAsync(POLL_MS);

  expect(following.calls).toEqual(["getJob", "getJob"]);
  expect(following.seqs).toEqual([1, 2]);
  await following.leave();
});

test("when the socket brings nothing, the rest is read by HTTP", async () => {
  const following = aFollowing();
  await turn();

  following.bring(1);
  await vi.advanceTimersByTimeAsync(2 * POLL_MS);

  expect(following.calls).toEqual(["getJob", "getJob", "getTranscript"]);
  expect(following.seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await following.leave();
});
