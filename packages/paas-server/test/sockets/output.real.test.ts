import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readArtefact } from "../../src/app/read-artefact.ts";
import { readLog } from "../../src/app/read-log.ts";
import { readTranscript } from "../../src/app/read-transcript.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { aFrame, aResult, aStream, type FakeRig } from "../fakes/rig.ts";
import { startCampus, type TestCampus } from "./campus.ts";

let cluster: TestCluster;
let campus: TestCampus;
let rig: FakeRig;
beforeAll(async () => {
  cluster = await startPostgres();
  campus = await startCampus(await cluster.openDatabase());
  rig = await campus.rig();
});
afterAll(async () => {
  await campus[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

async function running() {
  const job = await campus.submit();
  const offer = await rig.until(() => rig.offers.find((candidate) => candidate.jobId === job.id));
  await rig.state(offer, "running");
  return { job, offer };
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function allEvents(jobId: string, limit = 1_000) {
  const accountId = campus.people.student.id;
  const events = [];
  for (let since = 0; ; since = events.length) {
    const page = await readTranscript(campus.ctx, { accountId, jobId, since, limit });
    events.push(...page.events);
    if (page.events.length === 0) return events;
  }
}

test("bytes that come twice are stored once, and a gap is answered with what is there", async () => {
  const { job, offer } = await running();
  const output = aStream("one\n") + aStream("two\n") + aResult();

  const answers = [
    await rig.out(offer, 0, output.slice(0, 50)),
    await rig.out(offer, 0, output.slice(0, 50)),
    await rig.out(offer, 60, output.slice(60)),
    await rig.out(offer, 20, output.slice(20, 70)),
    await rig.out(offer, 70, output.slice(70)),
  ];
  await rig.seal(offer, { output });

  expect(answers).toEqual([50, 50, 50, 70, output.length]);
  expect(
    (
      await bytesOf(await readLog(campus.ctx, { accountId: campus.people.student.id, jobId: job.id }))
    ).toString(),
  ).toBe(output);
  expect((await allEvents(job.id)).map(({ frame }) => frame.t)).toEqual([
    "attempt",
    "stream",
    "stream",
    "result",
  ]);
});

test("damaged bytes are not stored and come again", async () => {
  const { offer } = await running();
  const output = aStream("x\n") + aResult();

  const damaged = await rig.out(offer, 0, output, { crc32: 1 });
  const whole = await rig.out(offer, 0, output);

  expect([damaged, whole]).toEqual([0, output.length]);
  await rig.seal(offer, { output });
});

test("frames that are cut anywhere come out whole, in order and once", async () => {
  const { job, offer } = await running();
  const output =
    Array.from({ length: 40 }, (_, index) => aStream(`line ${index} äöü€\n`)).join("") + aResult();
  const bytes = Buffer.from(output);

  await Promise.all(
    Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
      rig.out(offer, index * 7, bytes.subarray(index * 7, index * 7 + 7)),
    ),
  );
  await rig.seal(offer, { output: bytes });

  const events = await allEvents(job.id, 3);
  expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 42 }, (_, index) => index + 1));
  expect(events.slice(1, -1).map(({ frame }) => (frame.t === "stream" ? frame.content.text : ""))).toEqual(
    Array.from({ length: 40 }, (_, index) => `line ${index} äöü€\n`),
  );
});

test("a line that is no frame is shown as text and breaks nothing", async () => {
  const { job, offer } = await running();
  const output = `not json\n{"t":"stream","n":3,"content":5}\n\n{"t":"later","n":0}\n${aStream("ok\n")}${aResult()}`;

  await rig.out(offer, 0, output);
  await rig.seal(offer, { output });

  const texts = (await allEvents(job.id)).map(({ frame }) =>
    frame.t === "stream" ? `${frame.content.name}:${frame.content.text}` : frame.t,
  );
  expect(texts).toEqual([
    "attempt",
    "stderr:not json\n",
    'stderr:{"t":"stream","n":3,"content":5}\n',
    "stdout:ok\n",
    "result",
  ]);
});

test("10 MB come back byte for byte, from the log and from the transcript", async () => {
  const { job, offer } = await running();
  const texts = Array.from({ length: 400 }, () => `${randomBytes(12_500).toString("hex")}\n`);
  const bytes = Buffer.from(texts.map(aStream).join("") + aResult());

  const sends: Promise<number>[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) {
    sends.push(rig.out(offer, at, bytes.subarray(at, at + 65_536)));
    if (sends.length % 16 === 0) await Promise.all(sends);
  }
  await Promise.all(sends);
  await rig.seal(offer, { output: bytes });

  const log = await bytesOf(
    await readLog(campus.ctx, { accountId: campus.people.student.id, jobId: job.id }),
  );
  expect(createHash("sha256").update(log).digest("hex")).toBe(
    createHash("sha256").update(bytes).digest("hex"),
  );
  const seen = (await allEvents(job.id)).map(({ frame }) => (frame.t === "stream" ? frame.content.text : ""));
  expect(seen.join("") === texts.join("")).toBe(true);
});

test("a file is kept once all its parts are there and hash to what was said", async () => {
  const { job, offer } = await running();
  const data = randomBytes(80_000);
  const sha256 = createHash("sha256").update(data).digest("hex");
  const part = (path: string, start: number, end: number, hash = sha256) =>
    aFrame("artefact", {
      path,
      size: data.length,
      sha256: hash,
      offset: start,
      last: end === data.length,
      data: data.subarray(start, end).toString("base64"),
    });
  const artefacts = [{ path: "out/model.bin", size: data.length, sha256 }];
  const output =
    part("out/model.bin", 0, 40_000) +
    part("out/model.bin", 40_000, 80_000) +
    part("../evil", 0, 80_000) +
    part("wrong", 0, 80_000, "00".repeat(32)) +
    aResult("ok", { artefacts });

  for (let at = 0; at < output.length; at += 65_536) await rig.out(offer, at, output.slice(at, at + 65_536));
  await rig.seal(offer, { output, artefacts });

  const ended = await campus.job(job.id);
  expect(ended.artefacts).toEqual([{ path: "out/model.bin", sizeBytes: data.length, sha256: `0x${sha256}` }]);
  const { bytes } = await readArtefact(campus.ctx, {
    accountId: campus.people.student.id,
    jobId: job.id,
    path: "out/model.bin",
  });
  expect((await bytesOf(bytes)).equals(data)).toBe(true);
});

test("progress is shown with the job", async () => {
  const { job, offer } = await running();

  await rig.out(offer, 0, aFrame("progress", { fraction: 0.25, note: "epoch 1" }));

  expect((await campus.job(job.id)).progress).toEqual({ fraction: 0.25, note: "epoch 1" });
  const output = aFrame("progress", { fraction: 0.25, note: "epoch 1" }) + aResult();
  await rig.out(offer, 0, output);
  await rig.seal(offer, { output });
});

test("a viewer who comes back gets what follows, without gap or repeat", async () => {
  const { job, offer } = await running();
  const first = await campus.viewer();
  await first.watch(job.id);
  const half = Array.from({ length: 50 }, (_, index) => aStream(`${index}\n`)).join("");
  await rig.out(offer, 0, half);
  await first.until(() => first.events.length === 51);
  first.close();
  const output =
    half + Array.from({ length: 50 }, (_, index) => aStream(`${index + 50}\n`)).join("") + aResult();
  await rig.out(offer, half.length, output.slice(half.length));

  const second = await campus.viewer();
  await second.watch(job.id, 51);
  await rig.seal(offer, { output });
  await second.over();

  expect(second.events.map((event) => event.seq)).toEqual(
    Array.from({ length: 51 }, (_, index) => index + 52),
  );
  expect(first.text + second.text).toBe(Array.from({ length: 100 }, (_, index) => `${index}\n`).join(""));
});

test("a viewer who reads nothing for a while gets everything after, and others do not wait for him", async () => {
  const { job, offer } = await running();
  const [slow, fast] = [await campus.viewer(), await campus.viewer()];
  await slow.watch(job.id);
  await fast.watch(job.id);
  const stream = (
    slow.socket.io.engine as unknown as { transport: { ws: { pause(): void; resume(): void } } }
  ).transport.ws;
  stream.pause();
  const texts = Array.from({ length: 150 }, (_, index) => `${index} ${"x".repeat(60_000)}\n`);
  const bytes = Buffer.from(texts.map(aStream).join("") + aResult());
  for (let at = 0; at < bytes.length; at += 262_144)
    await rig.out(offer, at, bytes.subarray(at, at + 262_144));
  await rig.seal(offer, { output: bytes });

  await fast.over();
  expect(slow.events.length).toBeLessThan(152);
  stream.resume();
  await slow.over();

  expect(fast.text === texts.join("")).toBe(true);
  expect(slow.text === texts.join("")).toBe(true);
});

test("nobody but the owner sees a job", async () => {
  const { job, offer } = await running();
  const professor = await campus.viewer("prof");

  const watching = await professor.watch(job.id);

  expect(watching).toMatchObject({ ok: false, code: "JOB_UNKNOWN" });
  const accountId = campus.people.professor.id;
  await expect(
    readTranscript(campus.ctx, { accountId, jobId: job.id, since: 0, limit: 10 }),
  ).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  await expect(readLog(campus.ctx, { accountId, jobId: job.id })).rejects.toMatchObject({
    code: "JOB_UNKNOWN",
  });
  await rig.out(offer, 0, aResult());
  await rig.seal(offer, { output: aResult() });
});

test("the rig is told when somebody looks and when nobody does any more", async () => {
  const { job, offer } = await running();
  const viewer = await campus.viewer();

  await viewer.watch(job.id);
  await rig.until(() => rig.watched.some((entry) => entry.attempt === offer.attempt && entry.watched));
  viewer.close();

  await rig.until(() => rig.watched.some((entry) => entry.attempt === offer.attempt && !entry.watched));
  await rig.out(offer, 0, aResult());
  await rig.seal(offer, { output: aResult() });
});

test("an answer to a question reaches the rig", async () => {
  const { job, offer } = await running();
  const viewer = await campus.viewer();

  const answer = await viewer.socket.emitWithAck("input", { jobId: job.id, id: "q1", value: "42" });

  expect(answer).toEqual({ ok: true, value: null });
  expect(rig.inputs).toEqual([{ attempt: offer.attempt, fence: offer.fence, id: "q1", value: "42" }]);
  await rig.out(offer, 0, aResult());
  await rig.seal(offer, { output: aResult() });
});
