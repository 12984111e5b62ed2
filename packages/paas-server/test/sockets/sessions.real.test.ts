import { afterAll, beforeAll, expect, test } from "vitest";
import { createRigChallenge } from "../../src/app/create-rig-challenge.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { aResult, aStream, connectRig } from "../fakes/rig.ts";
import { startCampus } from "./campus.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const aCampus = async () => startCampus(await cluster.openDatabase());

test("a rig that comes back keeps what it holds and goes on from the durable byte", async () => {
  await using campus = await aCampus();
  const enrolled = await campus.enrol();
  const before = await campus.connect(enrolled);
  await before.hello();
  await campus.submit();
  const offer = await before.nextOffer();
  await before.state(offer, "running");
  const output = aStream("a\n") + aResult();
  await before.out(offer, 0, output.slice(0, 30));
  before.close();

  const after = await campus.connect(enrolled);
  const welcome = await after.hello({
    attempts: [
      {
        attempt: offer.attempt,
        fence: offer.fence,
        state: "running",
        spooled: { events: output.length, stderr: 0 },
      },
    ],
  });
  await after.out(offer, 30, output.slice(30));
  await after.seal(offer, { output });

  expect(welcome).toMatchObject({
    keep: [{ attempt: offer.attempt, durable: { events: 30, stderr: 0 } }],
    kill: [],
  });
  expect(await campus.job(offer.jobId)).toMatchObject({
    state: expect.stringMatching(/finished|settled/) as string,
    attemptNo: 1,
  });
});

test("a rig that comes back without its attempt has lost it at once; a stale one is to be killed", async () => {
  await using campus = await aCampus();
  const enrolled = await campus.enrol();
  const before = await campus.connect(enrolled);
  await before.hello();
  const job = await campus.submit();
  const offer = await before.nextOffer();
  await before.state(offer, "running");
  before.close();

  const after = await campus.connect(enrolled);
  await after.hello({ bootId: "boot2" });
  const again = await after.nextOffer();
  const welcome = await after.hello({
    attempts: [
      { attempt: offer.attempt, fence: offer.fence, state: "running", spooled: { events: 0, stderr: 0 } },
      { attempt: again.attempt, fence: again.fence, state: "accepted", spooled: { events: 0, stderr: 0 } },
    ],
  });

  expect(again.jobId).toBe(job.id);
  expect(welcome.kill).toEqual([offer.attempt]);
  expect(welcome.keep.map((entry) => entry.attempt)).toEqual([again.attempt]);
});

test("a newer session ends the older one; an old epoch and a used challenge are refused", async () => {
  await using campus = await aCampus();
  const enrolled = await campus.enrol();
  const older = await campus.connect(enrolled);
  await older.hello();

  await campus.connect(enrolled);
  await older.until(() => older.isSuperseded && !older.isConnected);

  const { challenge } = await createRigChallenge(campus.ctx, enrolled.rigId);
  const handshake = { url: campus.url, ...enrolled, challenge };
  await expect(connectRig({ ...handshake, epoch: 2 })).rejects.toMatchObject({
    data: { code: "RIG_SUPERSEDED" },
  });
  await expect(connectRig({ ...handshake, epoch: 3 })).rejects.toMatchObject({
    data: { code: "RIG_AUTH_INVALID" },
  });
});

test("a challenge is good for a minute and for the rig's own key only", async () => {
  await using campus = await aCampus();
  const [one, other] = [await campus.enrol("one"), await campus.enrol("other")];
  const { challenge: late } = await createRigChallenge(campus.ctx, one.rigId);
  campus.ctx.clock.advance(60_001);
  const { challenge: fresh } = await createRigChallenge(campus.ctx, one.rigId);

  const refused = { data: { code: "RIG_AUTH_INVALID" } };
  await expect(
    connectRig({ url: campus.url, rigId: one.rigId, keys: one.keys, epoch: 1, challenge: late }),
  ).rejects.toMatchObject(refused);
  await expect(
    connectRig({ url: campus.url, rigId: one.rigId, keys: other.keys, epoch: 1, challenge: fresh }),
  ).rejects.toMatchObject(refused);
  await expect(createRigChallenge(campus.ctx, `rig_${"0".repeat(26)}`)).rejects.toMatchObject({
    code: "RIG_UNKNOWN",
  });
});

test("a rig and a viewer of two replicas meet through the database alone", async () => {
  const db = await cluster.openDatabase();
  await using one = await startCampus(db);
  await using other = await startCampus(db, { clock: one.ctx.clock, people: one.people });
  const rig = await other.rig();
  const viewer = await one.viewer();
  const job = await one.submit();
  await viewer.watch(job.id);

  const offer = await rig.nextOffer();
  const output = aStream("over there\n") + aResult();
  await rig.perform(offer, { output });
  const over = await viewer.over();

  expect(over).toMatchObject({ id: job.id, failure: null });
  expect(viewer.text).toBe("over there\n");
});

test("a session that another replica opens ends the one here", async () => {
  const db = await cluster.openDatabase();
  await using one = await startCampus(db);
  await using other = await startCampus(db, { clock: one.ctx.clock, people: one.people });
  const enrolled = await one.enrol();
  const older = await one.connect(enrolled);
  await older.hello();
  using _wire = other.ctx.hints.listen((hint) => {
    if (hint.kind === "rig") one.ctx.hints.give(hint);
  });

  const { challenge } = await createRigChallenge(other.ctx, enrolled.rigId);
  const newer = await connectRig({ url: other.url, ...enrolled, epoch: 2, challenge });
  await older.until(() => older.isSuperseded);

  expect(newer.isConnected).toBe(true);
  newer.close();
});
