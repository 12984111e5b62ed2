import type { Offer } from "@nebula/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expireJobs } from "../../src/app/expire-jobs.ts";
import { expireLeases } from "../../src/app/expire-leases.ts";
import { memberBalance } from "../../src/app/ledger.ts";
import { placeJobs } from "../../src/app/place-jobs.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { aResult, aStream, Refused, type FakeRig } from "../fakes/rig.ts";
import { startCampus, type TestCampus } from "./campus.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const aCampus = async () => startCampus(await cluster.openDatabase());

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error instanceof Refused ? error.code : String(error)),
  );
}

/** Moves the clock on in steps, the rig beating for what it holds. */
async function pass(campus: TestCampus, ms: number, beating?: { rig: FakeRig; offer: Offer }): Promise<void> {
  const stepMs = beating === undefined ? 10_000 : 40_000;
  for (let gone = 0; gone < ms; gone += stepMs) {
    campus.ctx.clock.advance(stepMs);
    if (beating !== undefined) await beating.rig.beat([beating.offer]);
    await expireLeases(campus.ctx);
  }
}

async function liveAttempts(campus: TestCampus): Promise<number> {
  const rows = await campus.ctx.db.query("select id from attempt where lease_state in ('offered', 'held')");
  return rows.length;
}

test("a lease that is beaten for goes on; one that is not is given up after 105 s and never sooner", async () => {
  await using campus = await aCampus();
  const [first, second] = [await campus.rig("a"), await campus.rig("b")];
  const job = await campus.submit();
  const holder = await Promise.race([
    first.nextOffer().then(() => first),
    second.nextOffer().then(() => second),
  ]);
  const other = holder === first ? second : first;
  const offer = await holder.nextOffer();
  await holder.state(offer, "running");

  await pass(campus, 200_000, { rig: holder, offer });
  const kept = await campus.job(job.id);
  await pass(campus, 100_000);
  const waiting = await liveAttempts(campus);
  await pass(campus, 10_000);
  await other.beat();
  const next = await other.nextOffer();

  expect(kept).toMatchObject({ state: "running", attemptNo: 1 });
  expect(waiting).toBe(1);
  expect(next.jobId).toBe(job.id);
  expect(await liveAttempts(campus)).toBe(1);
  expect(await refusalOf(holder.out(offer, 0, "late"))).toBe("LEASE_LOST");
  expect(await refusalOf(holder.exited(offer, { output: "" }))).toBe("LEASE_LOST");
  expect((await holder.beat([offer])).kill).toEqual([offer.attempt]);
});

test("the second attempt's transcript goes on from the first, and only the second is paid", async () => {
  await using campus = await aCampus();
  const rig = await campus.rig();
  const job = await campus.submit();
  const lost = await rig.nextOffer();
  await rig.state(lost, "running");
  await rig.out(lost, 0, aStream("first\n"));
  await pass(campus, 110_000);
  await rig.beat([lost]);

  const offer = await rig.nextOffer(1);
  const output = aStream("second\n") + aResult();
  await rig.state(offer, "running");
  await rig.out(offer, 0, output);
  campus.ctx.clock.advance(60_000);
  await rig.seal(offer, { output, usedMs: 60_000 });

  const viewer = await campus.viewer();
  await viewer.watch(job.id);
  await viewer.over();
  expect(viewer.events.map(({ seq, attemptNo, frame }) => [seq, attemptNo, frame.t])).toEqual([
    [1, 1, "attempt"],
    [2, 1, "stream"],
    [3, 2, "attempt"],
    [4, 2, "stream"],
    [5, 2, "result"],
  ]);
  expect(viewer.events[2]?.frame).toMatchObject({ reason: "the rig went away" });
  expect(await campus.job(job.id)).toMatchObject({ state: "finished", attemptNo: 2, usedMs: 60_000 });
});

test("a job whose third attempt is lost fails uncharged and its hold is released", async () => {
  await using campus = await aCampus();
  const rig = await campus.rig();
  const job = await campus.submit();
  for (let index = 0; index < 3; index += 1) {
    const offer = await rig.nextOffer(index);
    await rig.state(offer, "running");
    await pass(campus, 110_000);
    await rig.beat([offer]);
  }

  const failed = await campus.job(job.id);

  expect(failed).toMatchObject({
    state: "settled",
    price: "0",
    held: "0",
    failure: { code: "RIG_LOST", charged: "no" },
  });
  const { allocationId, student } = campus.people;
  expect(await memberBalance(campus.ctx.db, { allocationId, accountId: student.id })).toMatchObject({
    held: 0n,
    spent: 0n,
  });
});

test("a declined offer goes to the next rig and does not count as an attempt", async () => {
  await using campus = await aCampus();
  const full = await campus.rig("full");
  full.answerOffer = () => ({ accepted: false, reason: "disk-full", detail: "" });
  const job = await campus.submit();
  await full.nextOffer();

  const rig = await campus.rig("other");
  const offer = await rig.nextOffer();
  await rig.perform(offer, { output: aResult() });

  expect(await campus.job(job.id)).toMatchObject({ attemptNo: 1, rig: { name: "other" } });
});

test("an offer that nobody answers waits for the rig's next beat, then goes on", async () => {
  await using campus = await aCampus();
  const mute = await campus.rig("mute");
  mute.answerOffer = () => null;
  const job = await campus.submit();
  await mute.nextOffer();
  const rig = await campus.rig("other");

  campus.ctx.clock.advance(11_000);
  await rig.beat();
  await expireLeases(campus.ctx);
  const before = await liveAttempts(campus);
  await mute.beat();
  campus.ctx.clock.advance(1);
  await expireLeases(campus.ctx);
  const offer = await rig.nextOffer();

  expect(before).toBe(1);
  expect(rig.offers).toHaveLength(1);
  expect(offer.jobId).toBe(job.id);
});

test("a beat that names an unanswered offer accepts it", async () => {
  await using campus = await aCampus();
  const rig = await campus.rig();
  rig.answerOffer = () => null;
  const job = await campus.submit();
  const offer = await rig.nextOffer();

  const { kill } = await rig.beat([offer]);

  expect(kill).toEqual([]);
  expect(await campus.job(job.id)).toMatchObject({ state: "running", attemptNo: 1 });
});

test("a rig that is not registered, not connected or silent gets no job", async () => {
  await using campus = await startCampus(await cluster.openDatabase(), { schedules: false });
  const [unregistered, away, silent] = [
    await campus.enrol("unregistered"),
    await campus.enrol("away"),
    await campus.enrol("silent"),
  ];
  await campus.ctx.db.query("update rig set registered_tx = null where id = $1", [unregistered.rigId]);
  for (const enrolled of [silent, unregistered, away]) await (await campus.connect(enrolled)).hello();
  await campus.ctx.db.query("update rig set connected = false where id = $1", [away.rigId]);
  await campus.ctx.db.query("update rig_beat set at = at - 60000 where rig = $1", [silent.rigId]);
  await campus.submit();

  const placed = await placeJobs(campus.ctx);

  expect(placed).toEqual([]);
});

test("50 jobs on 8 rigs with two schedulers at once: each runs once, none twice at a time", async () => {
  const db = await cluster.openDatabase();
  await using campus = await startCampus(db);
  const rigs = await Promise.all(Array.from({ length: 8 }, (_, index) => campus.rig(`rig${index}`)));
  const done = Promise.withResolvers<null>();
  const runs = rigs.map(async (rig) => {
    for (let index = 0; ; index += 1) {
      const offer = await Promise.race([rig.nextOffer(index), done.promise]);
      if (offer === null) return index;
      await rig.perform(offer, { output: aResult() });
    }
  });
  const jobs = await Promise.all(Array.from({ length: 50 }, () => campus.submit()));
  await Promise.all(Array.from({ length: 10 }, () => placeJobs(campus.ctx)));

  const viewer = await campus.viewer();
  await Promise.all(jobs.map((job) => viewer.watch(job.id)));
  await viewer.until(
    () => new Set(viewer.jobs.filter((job) => job.endedAtMs !== null).map((job) => job.id)).size === 50,
  );
  done.resolve(null);

  const counts = await Promise.all(runs);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(50);
  expect(await db.query("select job from attempt group by job having count(*) > 1")).toEqual([]);
});

test("a job that no rig takes while its order holds fails uncharged", async () => {
  await using campus = await startCampus(await cluster.openDatabase(), { schedules: false });
  const job = await campus.submit();
  campus.ctx.clock.advance(campus.ctx.config.times.orderMs - 60_000);
  const early = await expireJobs(campus.ctx);
  campus.ctx.clock.advance(120_000);

  const late = await expireJobs(campus.ctx);

  expect([early, late]).toEqual([0, 1]);
  expect(await campus.job(job.id)).toMatchObject({
    state: "settled",
    held: "0",
    price: "0",
    failure: { code: "NO_RIG" },
  });
});
