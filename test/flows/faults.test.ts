import { createClient } from "@nebula/client";
import type { Client } from "@nebula/client";
import { demoClient } from "@nebula/devnet";
import type { Job, TranscriptEvent } from "@nebula/protocol";
import { expect } from "vitest";
import { test } from "./campus.ts";
import type { Campus } from "./campus.ts";
import { containersOf, docker } from "./containers.ts";
import { GATE, fillSlots, untilAtGate } from "./gate.ts";
import {
  aSpec,
  expectCharged,
  expectFailure,
  expectFree,
  expectGapless,
  expectVerified,
  runJob,
  submit,
  textOf,
  untilEvent,
  watchToEnd,
} from "./jobs.ts";
import type { Watched } from "./jobs.ts";
import { eventually } from "./eventually.ts";
import { attachersOf } from "./processes.ts";
import { freshToken } from "./tokens.ts";

const LINES = 1_500;
/** Prints for about three seconds, a line every two milliseconds. */
const COUNTS = aSpec(`
import time
for i in range(${String(LINES)}):
    print(i, flush=True)
    time.sleep(0.002)
`);
const COUNTED = Array.from({ length: LINES }, (_, index) => `${String(index)}\n`).join("");

const untilOutput = (client: Client, jobId: string): Promise<TranscriptEvent> =>
  untilEvent(client, jobId, ({ frame }) => frame.t === "stream");

/** The whole output came once, of one attempt, charged once, under a receipt that holds. */
async function expectOnce(campus: Campus, client: Client, ran: Watched): Promise<void> {
  expect(ran.job).toMatchObject({ failure: null, attemptNo: 1 });
  expect(textOf(ran)).toBe(COUNTED);
  expectGapless(ran);
  expectCharged(ran.job);
  await expectVerified(campus, client, { job: ran.job, spec: COUNTS });
}

test("a viewer that leaves in the middle and comes back is shown the rest, nothing twice", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, COUNTS);
  const events: TranscriptEvent[] = [];
  const leave = new AbortController();
  await using first = await demoClient(campus.serverUrl, "ada");
  const onEvents = (batch: readonly TranscriptEvent[]): void => {
    events.push(...batch);
    if (events.some(({ frame }) => frame.t === "stream")) leave.abort();
  };
  await expect(first.follow(id, { onEvents, signal: leave.signal })).rejects.toThrow();

  await using second = await demoClient(campus.serverUrl, "ada");
  const since = events.at(-1)?.seq ?? 0;
  const job = await second.follow(id, {
    since,
    untilSettled: true,
    onEvents: (batch) => void events.push(...batch),
  });

  expect(since).toBeLessThan(job.lastSeq);
  await expectOnce(campus, ada, { job, events });
});

test("two viewers are shown the same", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, COUNTS);
  await using other = await demoClient(campus.serverUrl, "ada");

  const [one, two] = await Promise.all([watchToEnd(ada, id), watchToEnd(other, id)]);

  await expectOnce(campus, ada, one);
  expect(two.events).toEqual(one.events);
});

test(
  "of two followers of one client, the one that leaves does not cut off the other",
  { timeout: 30_000 },
  async ({ campus }) => {
    const token = await freshToken(campus, "ada");
    // Without reading the job by HTTP, only the socket can tell of its end.
    const noPolls: typeof fetch = (input, init) =>
      typeof input === "string" && /\/v1\/jobs\/[^/]+$/.test(input)
        ? Promise.reject(new Error("not in this test"))
        : fetch(input, init);
    await using client = createClient({
      serverUrl: campus.serverUrl,
      accessToken: () => Promise.resolve(token),
      fetch: noPolls,
    });
    const { id } = await submit(client, aSpec(GATE));
    const staying = watchToEnd(client, id);

    const gate = await untilAtGate(campus, client, { id });
    await gate.open();

    expectCharged((await staying).job);
  },
);

test("an agent that is killed and started again goes on with the run it finds", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, COUNTS);
  const watching = watchToEnd(ada, id);
  await untilOutput(ada, id);

  await campus.kill("rig");
  await campus.restart("rig");

  await expectOnce(campus, ada, await watching);
});

test("an agent that is away while the run ends reports it when it is back", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, COUNTS);
  const watching = watchToEnd(ada, id);
  await untilOutput(ada, id);
  const [attempt] = await campus.database.query<{ id: string }>("select id from attempt where job = $1", [
    id,
  ]);

  await campus.kill("rig");
  await eventually(async () => {
    expect(await attachersOf(attempt?.id ?? "")).toEqual([]);
  });
  await campus.restart("rig");

  await expectOnce(campus, ada, await watching);
});

test("a server that is killed and started again loses nothing of a run", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, COUNTS);
  const watching = watchToEnd(ada, id);
  await untilOutput(ada, id);

  await campus.kill("server");
  await campus.restart("server");

  await expectOnce(campus, ada, await watching);
});

test("server and agent killed at once lose nothing of a run", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, COUNTS);
  const watching = watchToEnd(ada, id);
  await untilOutput(ada, id);

  await Promise.all([campus.kill("server"), campus.kill("rig")]);
  await campus.restart("server");
  await campus.restart("rig");

  await expectOnce(campus, ada, await watching);
});

test("a job whose container is killed from outside runs anew, and only that run is charged", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const spec = aSpec(GATE);
  const { id } = await submit(ada, spec);
  const watching = watchToEnd(ada, id);

  await docker("kill", (await untilAtGate(campus, ada, { id })).container);
  await (await untilAtGate(campus, ada, { id, no: 2 })).open();

  const ran = await watching;
  expect(ran.job).toMatchObject({ failure: null, attemptNo: 2 });
  expect(textOf(ran)).toBe("at the gate\n");
  expectGapless(ran);
  expectCharged(ran.job);
  await expectVerified(campus, ada, { job: ran.job, spec });
});

test("a job whose container is killed again and again fails and costs nothing", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec(GATE);
  const { id } = await submit(ada, spec);
  const watching = watchToEnd(ada, id);

  for (const no of [1, 2, 3]) await docker("kill", (await untilAtGate(campus, ada, { id, no })).container);

  const ran = await watching;
  expectFailure(ran.job, "CONTAINER_KILLED", { who: "rig", charged: "no" });
  expect(textOf(ran)).toBe("at the gate\n");
  expectGapless(ran);
  await expectVerified(campus, ada, { job: ran.job, spec });
});

test("a run whose attacher is killed is not charged, its container is gone, and the job runs anew", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, aSpec(GATE));
  const watching = watchToEnd(ada, id);
  const gate = await untilAtGate(campus, ada, { id });
  const attachers = await attachersOf(gate.attempt);

  for (const pid of attachers) process.kill(pid, "SIGKILL");
  const next = await untilAtGate(campus, ada, { id, no: 2 });

  expect(attachers).toHaveLength(1);
  expect(await containersOf("attempt", gate.attempt)).toEqual([]);
  await next.open();
  const ran = await watching;
  expect(ran.job).toMatchObject({ failure: null, attemptNo: 2 });
  expectGapless(ran);
  expectCharged(ran.job);
});

test("a job that is cancelled while it runs keeps its output and costs the time it ran", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const spec = aSpec(GATE);
  const { id } = await submit(ada, spec);
  const watching = watchToEnd(ada, id);
  await untilAtGate(campus, ada, { id });

  await ada.call("cancelJob", { params: { jobId: id } });

  const ran = await watching;
  expectFailure(ran.job, "CANCELLED", { who: "you", charged: "used" });
  expect(textOf(ran)).toBe("at the gate\n");
  await expectVerified(campus, ada, { job: ran.job, spec });
});

test("a job that is cancelled while it waits costs nothing", async ({ campus }) => {
  const ada = await campus.as("ada");
  const tao = await campus.as("tao");
  await using _filled = await fillSlots(campus, ada);
  const { id } = await submit(tao, aSpec("print(1)"));

  await tao.call("cancelJob", { params: { jobId: id } });

  const { job } = await watchToEnd(tao, id);
  expectFree(job);
  expect(job.failure?.code).toBe("CANCELLED");
  expect(job.attemptNo).toBe(0);
});

test("a job that has ended is not changed by a cancel", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { job } = await runJob(ada, aSpec("print(1)"));

  const after = await ada.call("cancelJob", { params: { jobId: job.id } });

  expect(after).toEqual(job);
});

test("while the chain is away jobs run on, and settle when it is back", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec("print(1)");
  const node = await campus.pidOf("chain");
  process.kill(node, "SIGSTOP");
  let ended: Job;
  try {
    const { id } = await submit(ada, spec);
    ended = await ada.follow(id);
  } finally {
    process.kill(node, "SIGCONT");
  }

  const { job } = await watchToEnd(ada, ended.id);

  expect(ended).toMatchObject({ state: "finished", settlementTx: null, failure: null });
  expectCharged(job);
  await expectVerified(campus, ada, { job, spec });
});

test("a chain whose node is killed comes back with every settlement", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec("print(1)");
  const before = await runJob(ada, spec);

  process.kill(await campus.pidOf("chain"), "SIGKILL");

  const after = await runJob(ada, spec);
  await expectVerified(campus, ada, { job: before.job, spec });
  await expectVerified(campus, ada, { job: after.job, spec });
});

test("a database that drops every connection loses nothing of a run", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, COUNTS);
  const watching = watchToEnd(ada, id);
  await untilOutput(ada, id);

  await campus.database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()",
  );

  await expectOnce(campus, ada, await watching);
});
