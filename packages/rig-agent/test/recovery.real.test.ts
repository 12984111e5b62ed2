import { once } from "node:events";
import { beforeAll, describe, expect, it } from "vitest";
import { anOffer } from "./support/offers.ts";
import { TestRig, containerOf, containersOf, docker } from "./support/rig.ts";
import {
  SCRIPTED_IMAGE,
  cell,
  dockerMissing,
  framesOf,
  makeScriptedImage,
} from "./support/scripted-image.ts";

const missing = await dockerMissing();
if (missing) process.stderr.write(`skipped: rig-agent, what survives: ${missing}\n`);

const COUNT = 300;
const LINES = cell(["lines", { count: COUNT, everyMs: 10 }]);
const SPIN = cell(["print", "up\n"], ["spin"]);
const expectedLines = Array.from({ length: COUNT }, (_, index) => `line ${String(index + 1)}\n`);

describe.skipIf(missing)("what survives", () => {
  beforeAll(makeScriptedImage);

  it("an agent that is killed and restarted loses and doubles no byte", async () => {
    await using rig = await TestRig.enrol();
    const first = await rig.startProcess();
    const attempt = await rig.running(anOffer(LINES), "line 20");

    first.kill("SIGKILL");
    await once(first, "exit");
    await rig.startProcess();
    await rig.server.until(() => attempt.fin !== null);

    const printed = framesOf(attempt, "stream").map((frame) => (frame["content"] as { text: string }).text);
    expect(printed).toEqual(expectedLines);
    expect(attempt.exited).toMatchObject({ outcome: "OK" });
    expect(rig.server.hellos.at(-1)!.attempts).toHaveLength(1);
  });

  it("an agent that is away when the job ends reports the end later", async () => {
    await using rig = await TestRig.enrol();
    const first = await rig.startProcess();
    const attempt = await rig.running(anOffer(LINES), "line 20");

    first.kill("SIGKILL");
    await docker("wait", containerOf(attempt.offer));
    await rig.startProcess();
    await rig.server.until(() => attempt.fin !== null);

    const printed = framesOf(attempt, "stream").map((frame) => (frame["content"] as { text: string }).text);
    expect(printed).toEqual(expectedLines);
    expect(attempt.exited).toMatchObject({ outcome: "OK" });
  });

  it("an agent that leaves hands its runs to the next", async () => {
    await using rig = await TestRig.enrol();
    const first = await rig.start();
    const attempt = await rig.running(anOffer(LINES), "line 20");

    await first.stop({ mode: "leave" });
    await rig.start();
    await rig.server.until(() => attempt.fin !== null);

    expect(framesOf(attempt, "stream")).toHaveLength(COUNT);
    expect(attempt.exited).toMatchObject({ outcome: "OK" });
  });

  it("an attacher that is killed takes its container with it, free of charge", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(SPIN), "up");

    process.kill(await rig.attacherOf(attempt.offer.attempt), "SIGKILL");
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "RIG_FAULT", usedMs: 0, exit: { reason: "rig-fault" } });
    expect(attempt.fin!.receipt.price).toBe(0n);
    expect(await containersOf(rig)).toEqual([]);
  });

  it("agent and attacher killed together end the attempt as the rig's fault", async () => {
    await using rig = await TestRig.enrol();
    const first = await rig.startProcess();
    const attempt = await rig.running(anOffer(SPIN), "up");

    const attacher = await rig.attacherOf(attempt.offer.attempt);
    first.kill("SIGKILL");
    process.kill(attacher, "SIGKILL");
    await once(first, "exit");
    await rig.startProcess();
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "RIG_FAULT", exit: { reason: "rig-fault" } });
    expect(await containersOf(rig)).toEqual([]);
  });

  it("nothing, when the agent is told to end: the run is reported and its container removed", async () => {
    await using rig = await TestRig.enrol();
    const agent = await rig.start();
    const attempt = await rig.running(anOffer(SPIN), "up");

    await agent.stop({ mode: "end" });

    expect(attempt.exited).toMatchObject({ outcome: "RIG_FAULT" });
    expect(await containersOf(rig)).toEqual([]);
  });

  it("nothing, when the agent is told to end while the server is away", async () => {
    await using rig = await TestRig.enrol();
    const agent = await rig.start();
    const attempt = await rig.running(anOffer(SPIN), "up");

    await rig.server[Symbol.asyncDispose]();
    await agent.stop({ mode: "end" });

    expect(attempt.exited).toBeNull();
    expect(await containersOf(rig)).toEqual([]);
  });

  it("a cut connection in the middle of the output", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(LINES), "line 20");

    rig.server.cut();
    await rig.server.until(() => attempt.fin !== null);

    const printed = framesOf(attempt, "stream").map((frame) => (frame["content"] as { text: string }).text);
    expect(printed).toEqual(expectedLines);
  });

  it("a container that nobody knows goes after the second welcome, not the first", async () => {
    await using rig = await TestRig.enrol();
    const label = `nebula.rig=${rig.server.rigId}`;
    await docker("create", "--label", label, "--label", "nebula.attempt=att_unknown", SCRIPTED_IMAGE);
    await rig.start();
    await rig.server.until(() => rig.server.beats.length > 0);
    const afterFirst = await containersOf(rig);

    const beats = rig.server.beats.length;
    rig.server.cut();
    await rig.server.until(() => rig.server.hellos.length > 1 && rig.server.beats.length > beats);

    expect(afterFirst).toHaveLength(1);
    expect(await containersOf(rig)).toEqual([]);
  });
});
