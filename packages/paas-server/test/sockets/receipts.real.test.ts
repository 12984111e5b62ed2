import {
  NBAI,
  type Exit,
  type FailureCode,
  type FrameResult,
  type Offer,
  type Outcome,
  type Receipt,
} from "@nebula/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cancelJob } from "../../src/app/cancel-job.ts";
import { memberBalance } from "../../src/app/ledger.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { aResult, aStream, newRigKeys, Refused, type ExitOf, type FakeRig } from "../fakes/rig.ts";
import { startCampus, type TestCampus } from "./campus.ts";

let cluster: TestCluster;
let campus: TestCampus;
let rig: FakeRig;
beforeAll(async () => {
  cluster = await startPostgres();
  campus = await startCampus(await cluster.openDatabase());
  rig = await campus.connect(await campus.enrol());
  await rig.hello({
    slots: ["s1", "s2", "s3", "s4"].map((id) => ({ id, cpus: 1, memoryMiB: 2_048, gpuUuid: null })),
  });
});
afterAll(async () => {
  await campus[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

async function offered(ceiling?: bigint) {
  const job = await campus.submit({}, ceiling);
  const offer = await rig.until(() => rig.offers.find((candidate) => candidate.jobId === job.id));
  return { job, offer };
}

async function running(ceiling?: bigint) {
  const { job, offer } = await offered(ceiling);
  await rig.state(offer, "running");
  return { job, offer };
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error instanceof Refused ? error.code : String(error)),
  );
}

/** Time goes on while the rig beats for what it holds. */
async function later(ms: number, offer: Offer): Promise<void> {
  for (let gone = 0; gone < ms; gone += 20_000) {
    campus.ctx.clock.advance(Math.min(20_000, ms - gone));
    await rig.beat([offer]);
  }
}

const cancel = (jobId: string) =>
  cancelJob(campus.ctx, { accountId: campus.people.student.id, jobId, permissions: [] });
const balance = () =>
  memberBalance(campus.ctx.db, {
    allocationId: campus.people.allocationId,
    accountId: campus.people.student.id,
  });

async function receiptOf(
  offer: Awaited<ReturnType<typeof offered>>["offer"],
  exit: ExitOf,
): Promise<Receipt> {
  const reply = await rig.exited(offer, exit);
  if (!("receipt" in reply)) throw new Error("expected a receipt");
  return reply.receipt;
}

test("an exit before all output has come is answered with where to go on", async () => {
  const { offer } = await running();
  const output = aStream("x\n") + aResult();
  await rig.out(offer, 0, output.slice(0, 10));

  const first = await rig.exited(offer, { output });
  await rig.out(offer, 10, output.slice(10));
  const second = await rig.exited(offer, { output });

  expect(first).toEqual({ resend: { events: 10, stderr: 0 } });
  expect(second).toHaveProperty("receipt");
  await rig.seal(offer, { output });
});

test("the same receipt comes again, before and after it is sealed, and sealing twice charges once", async () => {
  const { job, offer } = await running();
  const output = aResult();
  await rig.out(offer, 0, output);
  await later(60_000, offer);
  const spent = (await balance()).spent;
  const exit = { output, usedMs: 60_000 };

  const first = await receiptOf(offer, exit);
  await later(60_000, offer);
  const second = await receiptOf(offer, exit);
  await Promise.all([rig.fin(offer, first), rig.fin(offer, first)]);
  await rig.fin(offer, second);
  const third = await receiptOf(offer, exit);

  expect(second).toEqual(first);
  expect(third).toEqual(first);
  expect((await balance()).spent - spent).toBe(first.price);
  expect((await campus.job(job.id)).receiptHash).toMatch(/^0x/);
});

test.each<[string, (receipt: Receipt) => Receipt]>([
  ["a higher price", (receipt) => ({ ...receipt, price: receipt.price + 1n })],
  ["more units", (receipt) => ({ ...receipt, units: receipt.units + 1n })],
  ["another result", (receipt) => ({ ...receipt, resultHash: `0x${"ab".repeat(32)}` })],
  ["another outcome", (receipt) => ({ ...receipt, outcome: 1 })],
])("a receipt with %s is refused", async (_name, change) => {
  const { offer } = await running();
  await rig.out(offer, 0, aResult());
  const receipt = await receiptOf(offer, { output: aResult() });

  const refusal = await refusalOf(rig.fin(offer, change(receipt)));

  expect(refusal).toBe("INPUT_INVALID");
  await rig.fin(offer, receipt);
});

test("a receipt that another key signed is refused", async () => {
  const { offer } = await running();
  await rig.out(offer, 0, aResult());
  const receipt = await receiptOf(offer, { output: aResult() });
  const signature = newRigKeys().receipt.sign(`0x${"01".repeat(32)}`).serialized;

  expect(await refusalOf(rig.fin(offer, receipt, signature))).toBe("RIG_AUTH_INVALID");
  await rig.fin(offer, receipt);
});

test("the charged time is the server's, never more than the rig's and two seconds", async () => {
  const { job, offer } = await running();
  await rig.out(offer, 0, aResult());
  await later(50_000, offer);

  await rig.seal(offer, { output: aResult(), usedMs: 10_000 });

  expect(await campus.job(job.id)).toMatchObject({ usedMs: 12_000 });
});

test("the price never passes the ceiling", async () => {
  const ceiling = NBAI / 1_000n;
  const { job, offer } = await running(ceiling);
  await rig.out(offer, 0, aResult());
  await later(600_000, offer);

  await rig.seal(offer, { output: aResult(), usedMs: 600_000, outcome: "OK" });

  const job1 = await campus.job(job.id);
  expect(BigInt(job1.price)).toBeLessThanOrEqual(ceiling);
  expect(job1).toMatchObject({
    ceiling: ceiling.toString(),
    held: "0",
    refunded: (ceiling - BigInt(job1.price)).toString(),
  });
});

interface EndCase {
  readonly exit: Partial<Exit>;
  readonly result: [FrameResult["outcome"], Partial<FrameResult>?] | null;
  readonly outcome: Outcome;
  readonly failure: FailureCode | null;
}
test.each<[string, EndCase]>([
  [
    "raised",
    { exit: { code: 1 }, result: ["error", { cell: "c1" }], outcome: "USER_ERROR", failure: "CELL_RAISED" },
  ],
  ["exited", { exit: { code: 3 }, result: ["kernel-died"], outcome: "USER_ERROR", failure: "KERNEL_EXITED" }],
  [
    "out of memory",
    {
      exit: { code: 3 },
      result: ["kernel-died", { reason: "memory" }],
      outcome: "USER_ERROR",
      failure: "MEMORY_EXCEEDED",
    },
  ],
  [
    "killed for memory",
    { exit: { code: 137, oomKilled: true }, result: null, outcome: "USER_ERROR", failure: "MEMORY_EXCEEDED" },
  ],
  [
    "over its time",
    { exit: { reason: "time-limit" }, result: ["interrupted"], outcome: "TIMEOUT", failure: "TIME_LIMIT" },
  ],
  [
    "at its ceiling",
    { exit: { reason: "ceiling" }, result: null, outcome: "TIMEOUT", failure: "CEILING_REACHED" },
  ],
])("a job that was %s is charged and says so", async (_name, { exit, result, outcome, failure }) => {
  const { job, offer } = await running();
  const output = result === null ? aStream("x") : aResult(...result);
  await rig.out(offer, 0, output);
  await later(1_000, offer);

  await rig.seal(offer, { output, exit, outcome, usedMs: 1_000 });

  expect(await campus.job(job.id)).toMatchObject({
    state: "failed",
    failure: { code: failure, charged: "used" },
    usedMs: 1_000,
    price: (10n ** 14n).toString(),
  });
});

test("a fault of the rig is free and the job runs again, three times at most", async () => {
  const { job } = await offered();
  const seen: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    const offer = await rig.until(() =>
      rig.offers.find((candidate) => candidate.jobId === job.id && !seen.includes(candidate.attempt)),
    );
    seen.push(offer.attempt);
    await rig.state(offer, "running");
    await later(5_000, offer);
    await rig.seal(offer, {
      output: "",
      outcome: "RIG_FAULT",
      exit: { code: 137, reason: "killed-outside" },
      usedMs: 5_000,
    });
  }

  expect(await campus.job(job.id)).toMatchObject({
    state: "settled",
    attemptNo: 3,
    price: "0",
    held: "0",
    failure: { code: "CONTAINER_KILLED", charged: "no" },
  });
});

test("an attempt whose output is not what the rig says it sent is given up uncharged", async () => {
  const { job, offer } = await running();
  await rig.out(offer, 0, aResult());

  const refusal = await refusalOf(rig.exited(offer, { output: aResult().replace("ok", "OK") }));

  expect(refusal).toBe("LEASE_LOST");
  const again = await rig.until(() =>
    rig.offers.find((candidate) => candidate.jobId === job.id && candidate.attempt !== offer.attempt),
  );
  await rig.perform(again, { output: aResult() });
});

test("a queued job that is cancelled is settled at once and its hold is free", async () => {
  const before = await balance();
  const job = await campus.submit({ class: "gpu" });

  const cancelled = await cancel(job.id);
  const again = await cancel(job.id);

  expect(cancelled).toMatchObject({
    state: "settled",
    price: "0",
    held: "0",
    failure: { code: "CANCELLED" },
  });
  expect(again).toMatchObject({ state: "settled" });
  expect((await balance()).held).toBe(before.held);
});

test("a running job that is cancelled is interrupted and pays for its time only", async () => {
  const { job, offer } = await running();
  await later(3_000, offer);

  await cancel(job.id);
  const order = await rig.until(() => rig.cancels.find((entry) => entry.attempt === offer.attempt));
  const output = aStream("partial\n") + aResult("interrupted");
  await rig.state(offer, "stopping");
  await rig.out(offer, 0, output);
  await rig.seal(offer, { output, outcome: "CANCELLED", exit: { reason: "cancelled" }, usedMs: 3_000 });

  expect(order).toMatchObject({ mode: "interrupt", reason: "cancelled" });
  expect(await campus.job(job.id)).toMatchObject({
    state: "cancelled",
    usedMs: 3_000,
    price: (3n * 10n ** 14n).toString(),
    failure: { code: "CANCELLED" },
  });
});

test("a cancel that comes too late changes nothing; a job that finished first has finished", async () => {
  const { job, offer } = await running();
  await rig.out(offer, 0, aResult());
  await later(1_000, offer);
  await cancel(job.id);

  await rig.seal(offer, { output: aResult(), exit: { reason: "cancelled" }, outcome: "OK", usedMs: 1_000 });
  await cancel(job.id);

  expect(await campus.job(job.id)).toMatchObject({ state: "finished", failure: null });
});

test("cancel and finish at once give one outcome and one charge", async () => {
  for (let index = 0; index < 10; index += 1) {
    const { job, offer } = await running();
    await rig.out(offer, 0, aResult());
    await later(1_000, offer);
    const receipt = await receiptOf(offer, { output: aResult(), usedMs: 1_000 });

    await Promise.all([cancel(job.id), rig.fin(offer, receipt), cancel(job.id)]);

    expect(await campus.job(job.id)).toMatchObject({ state: "finished", price: receipt.price.toString() });
    expect(
      await campus.ctx.db.query("select tx from ledger_entry where tx = $1 group by tx", [
        `charge:${job.id}`,
      ]),
    ).toHaveLength(1);
  }
});

test("another person cannot cancel a job; who may cancel any can", async () => {
  const { job, offer } = await running();
  const accountId = campus.people.professor.id;

  await expect(cancelJob(campus.ctx, { accountId, jobId: job.id, permissions: [] })).rejects.toMatchObject({
    code: "JOB_UNKNOWN",
  });
  await cancelJob(campus.ctx, { accountId, jobId: job.id, permissions: ["job.cancel.any"] });

  await rig.until(() => rig.cancels.find((entry) => entry.attempt === offer.attempt));
  await rig.seal(offer, { output: "", outcome: "CANCELLED", exit: { reason: "cancelled" }, usedMs: 0 });
});
