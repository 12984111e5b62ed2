import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { aResult, aStream } from "../fakes/rig.ts";
import { startCampus } from "./campus.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());

test("a job goes from its rig's offer to a sealed receipt while its owner watches", async () => {
  await using campus = await startCampus(await cluster.openDatabase());
  const rig = await campus.rig();
  const viewer = await campus.viewer();
  const job = await campus.submit();
  const watching = await viewer.watch(job.id);
  const offer = await rig.nextOffer();
  const output = aStream("hello\n") + aResult();

  await rig.state(offer, "running");
  await rig.out(offer, 0, output);
  await viewer.until(() => viewer.text === "hello\n");
  campus.ctx.clock.advance(10_000);
  const receipt = await rig.seal(offer, { output, usedMs: 10_000 });

  const over = await viewer.over();
  expect(watching).toMatchObject({ ok: true, value: { job: { id: job.id } } });
  expect(over).toMatchObject({
    state: "finished",
    usedMs: 10_000,
    price: receipt.price.toString(),
    failure: null,
  });
  expect(receipt).toMatchObject({ units: 60_000n, price: 10n ** 15n, outcome: 0 });
  expect(viewer.events.map((event) => event.frame.t)).toEqual(["attempt", "stream", "result"]);
  expect(viewer.events.map((event) => event.seq)).toEqual([1, 2, 3]);
  expect(await campus.ctx.db.query("select topic, key from outbox where topic = 'settle'")).toEqual([
    { topic: "settle", key: job.id },
  ]);
});
