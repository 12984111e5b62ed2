import { allocationSchema, jobSchema, NBAI, receiptBundleSchema, type Job } from "@nebula/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainAgrees, moneyIsConserved } from "../../src/index.ts";
import { type FakeRig, aResult, aStream, connectRig, INVENTORY, newRigKeys, signText } from "../fakes/rig.ts";
import { FREE, startChain, type TestChain } from "../chain.ts";
import { OPERATOR, PROFESSOR, STUDENT } from "../issuer.ts";
import { startPostgres } from "../postgres.ts";
import { startServer, type TestServer } from "../server.ts";
import { eventually } from "../eventually.ts";

const parts = new AsyncDisposableStack();
let chain: TestChain;
let campus: TestServer;
let rig: FakeRig;

const SPEC = {
  v: 1,
  image: "coursework",
  class: "cpu",
  cells: [{ id: "c1", source: "print(1)", role: "run" }],
};
const GRANTED = 100n * NBAI;

async function anAllocation(): Promise<string> {
  const body = {
    name: "ML 101",
    kind: "course",
    granted: GRANTED.toString(),
    members: [{ username: "ada", cap: GRANTED.toString(), perJobMax: NBAI.toString() }],
    validUntil: 4_000_000_000,
  };
  const created = allocationSchema.parse(
    (await campus.request("/v1/allocations", { as: PROFESSOR, body })).body,
  );
  await chain.give(created.payer, GRANTED);
  return created.id;
}

async function aRig(): Promise<FakeRig> {
  const keys = newRigKeys();
  const { code } = (await campus.request("/v1/enrolment-codes", { as: OPERATOR, method: "POST" })).body as {
    code: string;
  };
  const body = {
    code,
    name: "pc1",
    wireKey: keys.wireKey,
    receiptAddress: keys.receiptAddress,
    payoutAddress: keys.receiptAddress,
    proof: signText(keys, `nebula-enrol:${code}:${keys.wireKey}`),
    inventory: INVENTORY,
  };
  const { rig: enrolled } = (await campus.request("/v1/rigs", { body })).body as { rig: { id: string } };
  const { challenge } = (await campus.request(`/v1/rigs/${enrolled.id}/challenge`, { method: "POST" }))
    .body as { challenge: string };
  const connected = await connectRig({
    url: campus.server.url,
    rigId: enrolled.id,
    keys,
    epoch: 1,
    challenge,
  });
  await connected.hello();
  return connected;
}

async function readJob(jobId: string): Promise<Job> {
  return jobSchema.parse((await campus.request(`/v1/jobs/${jobId}`, { as: STUDENT })).body);
}

/** Submits a job and lets the rig run it; resolves once its receipt is accepted. */
async function runJob(): Promise<string> {
  const index = rig.offers.length;
  const { id } = jobSchema.parse(
    (await campus.request("/v1/jobs", { as: STUDENT, body: { spec: SPEC } })).body,
  );
  const offer = await rig.nextOffer(index);
  await rig.perform(offer, { output: aStream("hello\n") + aResult(), usedMs: 1_000 });
  return id;
}

beforeAll(async () => {
  const cluster = parts.use(await startPostgres());
  chain = parts.use(await startChain());
  campus = parts.use(await startServer({ databaseUrl: await cluster.createDatabase(), chain }));
  const allocation = await anAllocation();
  await eventually(async () => {
    const [row] = await campus.server.ctx.db.query<{ state: string; last_error: string | null }>(
      "select state, (select last_error from outbox where topic = 'fund-allocation') from allocation where id = $1",
      [allocation],
    );
    expect(row).toMatchObject({ state: "active", last_error: null });
  });
  rig = await aRig();
  parts.defer(() => rig.close());
});
afterAll(async () => {
  await parts.disposeAsync();
});

test("a job is funded, run, charged and settled, and chain and ledger agree to the last unit", async () => {
  const jobId = await runJob();

  const job = await eventually(async () => {
    const read = await readJob(jobId);
    expect(read.state).toBe("settled");
    return read;
  });
  const bundle = receiptBundleSchema.parse(
    (await campus.request(`/v1/jobs/${jobId}/receipt`, { as: STUDENT })).body,
  );

  expect(job.price).toBeGreaterThan(0n);
  expect(job.price + job.refunded).toBe(job.ceiling);
  expect(bundle.settlement).toMatchObject({
    state: "confirmed",
    tx: job.settlementTx,
    fee: job.price / 100n,
  });
  expect(await moneyIsConserved(campus.server.ctx.db)).toEqual([]);
  expect(await chainAgrees(campus.server.ctx)).toEqual([]);
});

test("a receipt that a stranger has sent counts as settled by his transaction", async () => {
  await using hold = await holdOutbox();
  const jobId = await runJob();
  const bundle = receiptBundleSchema.parse(
    (await campus.request(`/v1/jobs/${jobId}/receipt`, { as: STUDENT })).body,
  );
  const sent = (await chain.asStranger().getFunction("settleOne")(
    bundle.order,
    bundle.orderSignature,
    bundle.receipt,
    bundle.receiptSignature,
    FREE,
  )) as { hash: string; wait(): Promise<unknown> };
  await sent.wait();

  await hold.release();

  const job = await eventually(async () => {
    const read = await readJob(jobId);
    expect(read.state).toBe("settled");
    return read;
  });
  expect(job.settlementTx).toBe(sent.hash);
  expect(await chainAgrees(campus.server.ctx)).toEqual([]);
});

/** Keeps every new errand from being done, by a lock on the outbox's rows to come. */
async function holdOutbox() {
  const { db } = campus.server.ctx;
  await db.query(
    "create function hold_errand() returns trigger language plpgsql as $$ begin new.next_at = 9000000000000; return new; end $$",
  );
  await db.query(
    "create trigger hold_errand before insert on outbox for each row execute function hold_errand()",
  );
  const release = async () => {
    await db.query("drop trigger if exists hold_errand on outbox");
    await db.query("drop function if exists hold_errand");
    await db.query("update outbox set next_at = 0 where done_at is null");
  };
  return { release, [Symbol.asyncDispose]: release };
}

test("jobs run on while the chain is away, and settle when it is back", async () => {
  chain.pause();
  let jobId = "";
  try {
    jobId = await runJob();
    expect((await readJob(jobId)).state).toBe("finished");
  } finally {
    chain.resume();
  }

  await eventually(async () => expect((await readJob(jobId)).state).toBe("settled"));
  expect(await chainAgrees(campus.server.ctx)).toEqual([]);
});

test("a receipt that the contract refuses is shown with its reason, and the money stays where it was", async () => {
  await using hold = await holdOutbox();
  const jobId = await runJob();
  await campus.server.ctx.db.query(
    "update receipt set signature = (select order_signature from job where id = $1) where job = $1",
    [jobId],
  );

  await hold.release();

  await eventually(async () => {
    const { settlement } = receiptBundleSchema.parse(
      (await campus.request(`/v1/jobs/${jobId}/receipt`, { as: STUDENT })).body,
    );
    expect(settlement).toMatchObject({ state: "refused", reason: "ComputeEscrow_BadSignature" });
  });
  expect((await readJob(jobId)).state).toBe("finished");
  expect(await moneyIsConserved(campus.server.ctx.db)).toEqual([]);
  expect(await chainAgrees(campus.server.ctx)).toEqual([]);
});

test("the record of events holds together, and a changed one is found", async () => {
  const { db } = campus.server.ctx;
  const { findBreak } = await import("../../src/app/record-event.ts");
  await eventually(async () =>
    expect(await db.query("select id from event where place is null")).toEqual([]),
  );

  const whole = await findBreak(db);
  await db.query(`update event set data = '{"price":"0"}' where place = 3`);

  expect(whole).toBeNull();
  expect(await findBreak(db)).toBe(3n);
});
