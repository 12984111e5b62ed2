import { beforeAll, describe, expect, it } from "vitest";
import { anOffer } from "./support/offers.ts";
import { TestRig, containerOf, containersOf, docker } from "./support/rig.ts";
import { cell, dockerMissing, makeScriptedImage } from "./support/scripted-image.ts";

const missing = await dockerMissing();
if (missing) process.stderr.write(`skipped: rig-agent, ends of containers: ${missing}\n`);

const SPIN = cell(["print", "up\n"], ["spin"]);
const cancelOf = (attempt: string, graceMs: number) =>
  ({ attempt, fence: 7, mode: "interrupt", reason: "cancelled", graceMs }) as const;

describe.skipIf(missing)("the end of a container", () => {
  beforeAll(makeScriptedImage);

  it("by a cancel keeps the output up to then", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(SPIN), "up");

    await rig.server.cancel(cancelOf(attempt.offer.attempt, 5_000));
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "CANCELLED", exit: { code: 2, reason: "cancelled" } });
    expect(attempt.streams.events.toString()).toContain('"outcome":"interrupted"');
    expect(attempt.states).toEqual(["preparing", "running", "stopping"]);
  });

  it("by a cancel that the job ignores comes by force, each rung in the journal", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(cell(["stubborn"], ["print", "up\n"], ["spin"])), "up");

    await rig.server.cancel(cancelOf(attempt.offer.attempt, 200));
    await rig.server.until(() => attempt.exited !== null);

    expect(attempt.exited).toMatchObject({ outcome: "CANCELLED", exit: { code: 137, reason: "cancelled" } });
    expect(await rig.journal()).toMatch(/SIGINT[^]*SIGTERM[^]*SIGKILL/);
  });

  it("by a cancel before the kernel is there comes at once", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(SPIN);

    await rig.server.offer(offer);
    await rig.server.cancel(cancelOf(offer.attempt, 60_000));
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "CANCELLED" });
  });

  it("at the time limit is a timeout that keeps what was printed", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(SPIN, { limits: { runMs: 1_000 } }), "up");

    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "TIMEOUT", exit: { reason: "time-limit" } });
    expect(attempt.exited!.usedMs).toBeGreaterThanOrEqual(1_000);
    expect(attempt.exited!.usedMs).toBeLessThan(3_000);
  });

  it("at the ceiling says so", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(SPIN, { limits: { runMs: 500, runReason: "ceiling" } }), "up");

    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "TIMEOUT", exit: { reason: "ceiling" } });
  });

  it("for want of memory is the job's own doing", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(
      anOffer(cell(["print", "up\n"], ["eat"]), { limits: { memoryMiB: 256 } }),
      "up",
    );

    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({
      outcome: "USER_ERROR",
      exit: { oomKilled: true, reason: "ended" },
    });
  });

  it.each([["kill"], ["stop"]])("by `docker %s` from outside is free of charge", async (how) => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(SPIN), "up");

    await docker(how, containerOf(attempt.offer));
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "RIG_FAULT", exit: { reason: "killed-outside" } });
    expect(attempt.fin!.receipt.price).toBe(0n);
  });

  it("by a signal from within is not free of charge", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(SPIN), "up");

    await docker("exec", containerOf(attempt.offer), "/node", "-e", 'process.kill(1, "SIGTERM")');
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "USER_ERROR", exit: { reason: "ended" } });
  });

  it("by a runner that leaves without a result is the rig's fault", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(cell(["exit", 70]));

    await rig.server.offer(offer);
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "RIG_FAULT", exit: { code: 70, reason: "ended" } });
  });

  it("comes when the rig's lease is lost, and nothing is reported", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(anOffer(SPIN), "up");

    attempt.isFenced = true;
    await rig.server.until(() => rig.server.lastBeat?.attempts.length === 0);

    expect(attempt.exited).toBeNull();
    expect(await containersOf(rig)).toEqual([]);
  });

  it("comes by the dead-man when no beat is acknowledged", async () => {
    await using rig = await TestRig.enrol();
    rig.server.welcomeTimes = { ...rig.server.welcomeTimes, deadManMs: 2_000 };
    await rig.start();
    const attempt = await rig.running(anOffer(SPIN), "up");

    rig.server.meddle = (name) => (name === "beat" ? "swallow" : null);
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "RIG_FAULT", exit: { code: 137, reason: "dead-man" } });
    expect(attempt.exited!.usedMs).toBeLessThan(5_000);
  });
});
