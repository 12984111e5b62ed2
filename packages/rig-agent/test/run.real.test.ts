import { recoverAddress } from "ethers";
import { signingDigest } from "@nebula/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import { anOffer } from "./support/offers.ts";
import { TestRig, containerOf, containersOf, docker } from "./support/rig.ts";
import { cell, dockerMissing, framesOf, makeScriptedImage } from "./support/scripted-image.ts";

const missing = await dockerMissing();
if (missing) process.stderr.write(`skipped: rig-agent, runs in containers: ${missing}\n`);

describe.skipIf(missing)("a run in a container", () => {
  beforeAll(makeScriptedImage);

  it("ends with a receipt that the rig has signed", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(cell(["print", "hello\n"]));

    expect(await rig.server.offer(offer)).toEqual({ accepted: true });
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "OK", exit: { code: 0, reason: "ended" } });
    expect(framesOf(attempt, "stream").map((frame) => frame["content"])).toEqual([
      { name: "stdout", text: "hello\n" },
    ]);
    expect(attempt.states).toEqual(["preparing", "running"]);
    const { receipt, signature } = attempt.fin!;
    const signer = recoverAddress(signingDigest(offer.domain, "Receipt", receipt), signature);
    expect(signer.toLowerCase()).toBe(rig.server.receiptAddress);
    expect(rig.server.faults).toEqual([]);
  });

  it("leaves no container and no folder", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(cell(["print", "hello\n"]));

    await rig.server.offer(offer);
    await rig.server.until(() => rig.server.attempt(offer.attempt).fin !== null);
    await rig.server.until(() => rig.server.lastBeat?.attempts.length === 0);

    expect(await containersOf(rig)).toEqual([]);
    expect(await rig.journal()).toContain('"state":"sealed"');
  });

  it("is shut in", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(cell(["print", "up\n"], ["spin"]));
    offer.document.env = { LD_PRELOAD: "/x.so", NVIDIA_VISIBLE_DEVICES: "all", MINE: "yes" };

    await rig.running(offer, "up");
    const [facts] = JSON.parse(await docker("inspect", containerOf(offer))) as {
      Config: { User: string };
      HostConfig: object;
    }[];

    expect(facts).toMatchObject({
      Config: { User: "20000:20000" },
      HostConfig: {
        NetworkMode: "none",
        ReadonlyRootfs: true,
        Privileged: false,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        PidsLimit: 256,
        Memory: 512 * 1024 * 1024,
        MemorySwap: 512 * 1024 * 1024,
      },
    });
  });

  it("gets the job's own variables without those that reach past its walls", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(
      cell(
        ["env", "LD_PRELOAD"],
        ["env", "NVIDIA_VISIBLE_DEVICES"],
        ["env", "MINE"],
        ["env", "OMP_NUM_THREADS"],
      ),
    );
    offer.document.env = { LD_PRELOAD: "/x.so", NVIDIA_VISIBLE_DEVICES: "all", MINE: "yes" };

    const attempt = await rig.running(offer, "OMP_NUM_THREADS");

    const printed = framesOf(attempt, "stream").map((frame) => (frame["content"] as { text: string }).text);
    expect(printed).toEqual([
      "LD_PRELOAD=\n",
      "NVIDIA_VISIBLE_DEVICES=void\n",
      "MINE=yes\n",
      "OMP_NUM_THREADS=1\n",
    ]);
  });

  it("hands the kernel what a viewer types", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(cell(["print", "name?\n"], ["input"]));

    const attempt = await rig.running(offer, "name?");
    await rig.server.ask("input", { attempt: offer.attempt, fence: 7, id: "1", value: "Ada" });
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.streams.events.toString()).toContain("got Ada");
  });

  it("keeps what the runner says outside frames apart", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(
      cell(["raw", "no frame\n"], ["stderr", "trouble\n"], ["raw", '{"t":"stream"\n'], ["print", "fine\n"]),
    );

    await rig.server.offer(offer);
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.streams.stderr.toString().split("\n").sort()).toEqual([
      "",
      "no frame",
      "trouble",
      '{"t":"stream"',
    ]);
    expect(framesOf(attempt, "stream")).toHaveLength(1);
  });

  it("of a raising cell counts as the user's error", async () => {
    await using rig = await TestRig.started();
    const offer = anOffer(cell(["fail"]));

    await rig.server.offer(offer);
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "USER_ERROR", exit: { code: 1, reason: "ended" } });
  });

  it("keeps head and tail of 100 MB at the default cap, with exact accounts", async () => {
    await using rig = await TestRig.started();
    const total = 100 * 1024 * 1024;
    const offer = anOffer(cell(["print", "first\n"], ["bytes", total], ["print", "last\n"]));

    await rig.server.offer(offer);
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    const printed = framesOf(attempt, "stream").reduce((sum, frame) => sum + (frame["n"] as number), 0);
    const [notice, closing] = framesOf(attempt, "skipped");
    expect(notice).toMatchObject({ cut: true, bytes: 0 });
    expect(printed + (closing!["bytes"] as number)).toBe(total + "first\nlast\n".length);
    expect(printed).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(printed).toBeGreaterThan(14 * 1024 * 1024);
    expect(framesOf(attempt, "stream").at(-1)!["content"]).toMatchObject({ text: "last\n" });
    expect(framesOf(attempt, "").at(-1)!["t"]).toBe("result");
  });

  it("keeps every byte when the job asks for a larger transcript", async () => {
    await using rig = await TestRig.started();
    const total = 40 * 1024 * 1024;
    const offer = anOffer(cell(["bytes", total]), { limits: { transcriptBytes: 256 * 1024 * 1024 } });

    await rig.server.offer(offer);
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    expect(framesOf(attempt, "stream").reduce((sum, frame) => sum + (frame["n"] as number), 0)).toBe(total);
    expect(framesOf(attempt, "skipped")).toEqual([]);
  });
});
