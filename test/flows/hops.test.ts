import { chainJobId, signingDigest, specHashOf, sha256Hex } from "@nebula/protocol";
import { expect } from "vitest";
import { test } from "./campus.ts";
import { docker } from "./containers.ts";
import { GATE, untilAtGate } from "./gate.ts";
import {
  aSpec,
  expectCharged,
  expectGapless,
  expectVerified,
  runJob,
  submit,
  textOf,
  watchToEnd,
} from "./jobs.ts";

test("cell to job: the specification that was quoted is the one that is kept", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec("print('hello')", { title: "lesson.ipynb" });

  const quote = await ada.call("createQuote", { body: { spec } });
  const job = await ada.call("submitJob", { body: { spec, jobId: quote.jobId } });

  expect(quote.specHash).toBe(specHashOf(spec));
  expect(job).toMatchObject({
    id: quote.jobId,
    specHash: quote.specHash,
    cellIds: ["cell-1"],
    title: "lesson.ipynb",
    ceiling: quote.ceiling,
  });
  expect(textOf(await watchToEnd(ada, job.id))).toBe("hello\n");
});

test("job to promise: the order names the job, its cells and its ceiling, signed by the spender", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const spec = aSpec("print('hello')");

  const { job } = await runJob(ada, spec);

  const { order, domain, orderDigest } = await expectVerified(campus, ada, { job, spec });
  expect(order).toMatchObject({
    jobId: chainJobId(job.id),
    maxPrice: job.ceiling,
    specHash: specHashOf(spec),
    payer: job.payer,
  });
  expect(order.spender).toBe((await ada.call("getMe")).address);
  expect(orderDigest).toBe(signingDigest(domain, "Order", order));
});

test("promise to queue: the ceiling is held while the job is open, and no longer", async ({ campus }) => {
  const ada = await campus.as("ada");
  const before = (await ada.call("getMe")).balance;
  const { id, ceiling, held } = await submit(ada, aSpec(GATE));
  const gate = await untilAtGate(campus, ada, { id });

  const during = (await ada.call("getMe")).balance;
  await gate.open();
  const { job } = await watchToEnd(ada, id);

  expect(held).toBe(ceiling);
  expect(during).toMatchObject({ held: before.held + ceiling, left: before.left - ceiling });
  const after = (await ada.call("getMe")).balance;
  expect(after).toMatchObject({
    held: before.held,
    spent: before.spent + job.price,
    left: before.left - job.price,
  });
});

test("queue to rig: one attempt under one lease, sealed at its end", async ({ campus }) => {
  const ada = await campus.as("ada");

  const { job } = await runJob(ada, aSpec("print(1)"));

  const attempts = await campus.database.query(
    "select no, rig, state, lease_state in ('offered', 'held') as is_live, fence > 0 as is_fenced from attempt where job = $1",
    [job.id],
  );
  expect(attempts).toEqual([{ no: 1, rig: job.rig?.id, state: "sealed", is_live: false, is_fenced: true }]);
});

test("rig to container: no network, no rights, nothing to write on but its own folders", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const { id } = await submit(ada, aSpec(GATE));
  const gate = await untilAtGate(campus, ada, { id });

  const { HostConfig: host, Config: config } = JSON.parse(
    await docker("inspect", "--format", "{{json .}}", gate.container),
  ) as Record<string, object>;
  await gate.open();

  expect(host).toMatchObject({
    NetworkMode: "none",
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    Privileged: false,
    Memory: 2_048 * 1024 * 1024,
  });
  expect(config).toHaveProperty("User", expect.stringMatching(/^2\d{4}:2\d{4}$/));
  await watchToEnd(ada, id);
});

const SHOW = `
import sys
print("out"); print("err", file=sys.stderr)
from IPython.display import display, HTML
display(HTML("<b>bold</b>"))
7
`;

test("container to events: streams, displays and results come as the kernel gave them", async ({
  campus,
}) => {
  const ada = await campus.as("ada");

  const ran = await runJob(ada, aSpec(SHOW));

  expect([textOf(ran), textOf(ran, "stderr")]).toEqual(["out\n", "err\n"]);
  const shown = ran.events.flatMap(({ frame }) =>
    frame.t === "display" ? [[frame.kind, frame.content.data]] : [],
  );
  expect(shown).toMatchObject([
    ["display_data", { "text/html": "<b>bold</b>" }],
    ["execute_result", { "text/plain": "7" }],
  ]);
});

test("events to transcript to cell: what a viewer was shown is what is kept, from any place on", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const ran = await runJob(ada, aSpec("for i in range(200): print(i, flush=True)"));
  const half = Math.floor(ran.job.lastSeq / 2);

  const kept = await ada.call("getTranscript", {
    params: { jobId: ran.job.id },
    query: { since: half, limit: 1_000 },
  });

  expectGapless(ran);
  expect(textOf(ran)).toBe(Array.from({ length: 200 }, (_, i) => `${String(i)}\n`).join(""));
  expect(kept.events).toEqual(ran.events.slice(half));
});

test("receipt to settlement: the log, the price and the transaction are those of the receipt", async ({
  campus,
}) => {
  const ada = await campus.as("ada");
  const spec = aSpec("print('hello')");

  const { job } = await runJob(ada, spec);

  expectCharged(job);
  const bundle = await expectVerified(campus, ada, { job, spec });
  const log = await ada.call("getLog", { params: { jobId: job.id } });
  expect(bundle.receipt).toMatchObject({ price: job.price, logRoot: sha256Hex(log) });
  expect(bundle.breakdown).toMatchObject({ held: job.ceiling, price: job.price, refunded: job.refunded });
});

test("settlement to cell: the job names the transaction that the chain holds", async ({ campus }) => {
  const ada = await campus.as("ada");

  const { job } = await runJob(ada, aSpec("print('hello')"));

  const { settlement, receiptHash } = await ada.call("getReceipt", { params: { jobId: job.id } });
  expect(settlement).toMatchObject({ state: "confirmed", tx: job.settlementTx, reason: null });
  expect(receiptHash).toBe(job.receiptHash);
});
