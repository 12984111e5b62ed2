import { describe, expect, it } from "vitest";
import { TestCore } from "../support/core.ts";
import { anOffer } from "../support/offers.ts";

describe("an offer", () => {
  it("is accepted once, however often it comes", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");

    expect(await test.server.offer(offer)).toEqual({ accepted: true });
    expect(await test.server.offer(offer)).toEqual({ accepted: true });

    expect(test.core.attempts.all).toHaveLength(1);
  });

  it("for a taken slot is declined", async () => {
    await using test = await TestCore.started();

    await test.server.offer(anOffer("x"));

    expect(await test.server.offer(anOffer("y"))).toMatchObject({ accepted: false, reason: "slot-busy" });
    expect(await test.server.offer(anOffer("z", { slot: "cpu-1" }))).toEqual({ accepted: true });
  });

  it("that comes twice at once for one slot is accepted once", async () => {
    await using test = await TestCore.started();

    const replies = await Promise.all([test.server.offer(anOffer("x")), test.server.offer(anOffer("y"))]);

    expect(replies.map(({ accepted }) => accepted).sort()).toEqual([false, true]);
  });

  it("for a slot that the rig has not is declined", async () => {
    await using test = await TestCore.started();

    expect(await test.server.offer(anOffer("x", { slot: "gpu-9" }))).toMatchObject({ reason: "slot-busy" });
  });

  it("for an image that is not here is declined", async () => {
    await using test = await TestCore.started();

    expect(await test.server.offer(anOffer("x", { image: "somebody/else:1" }))).toMatchObject({
      reason: "image-missing",
    });
  });

  it("is declined when the disk is nearly full", async () => {
    await using test = await TestCore.started();
    test.diskFreeMiB = 500;

    expect(await test.server.offer(anOffer("x"))).toMatchObject({ reason: "disk-full" });
  });

  it("that asks for more than its slot has is refused", async () => {
    await using test = await TestCore.started();

    await expect(test.server.offer(anOffer("x", { limits: { memoryMiB: 9_999 } }))).rejects.toThrow(
      "INPUT_INVALID",
    );
  });

  it("whose order has another digest is refused", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");

    await expect(test.server.offer({ ...offer, orderDigest: `0x${"00".repeat(32)}` })).rejects.toThrow(
      "INPUT_INVALID",
    );
  });

  it("is in the journal before it is accepted", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");

    await test.server.offer(offer);
    await test.leave();
    test.server.meddle = () => null;
    const core = await test.start();

    expect(core.attempts.all.map((attempt) => attempt.offer.attempt)).toEqual([offer.attempt]);
    expect(test.server.hellos.at(-1)!.attempts).toMatchObject([{ attempt: offer.attempt, fence: 7 }]);
  });

  it("takes its slot until its container has ended", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");
    await test.server.offer(offer);
    await test.server.until(() => test.server.lastBeat?.freeSlots.length === 1);
    test.server.meddle = (name) => (name === "exited" ? "swallow" : null);

    await test.run(offer.attempt).exit();
    await test.server.until(() => test.server.lastBeat?.freeSlots.length === 2);

    expect(test.server.lastBeat!.attempts).toHaveLength(1);
  });
});

describe("an attempt", () => {
  it("that the server's welcome takes away is killed without a report", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");
    await test.server.offer(offer);
    await test.server.until(() => test.runs.has(offer.attempt));
    const { finished } = test.core.attempts.get(offer.attempt)!;

    test.server.attempt(offer.attempt).isFenced = true;
    test.server.cut();
    await finished;

    expect(test.run(offer.attempt).commands).toContainEqual({
      t: "stop",
      mode: "kill",
      reason: "fenced",
      graceMs: 0,
    });
    expect(test.removed).toEqual([`nebula-${offer.attempt}`]);
    expect(test.server.attempt(offer.attempt).exited).toBeNull();
  });

  it("that the server does not know goes after two welcomes", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");
    await test.server.offer(offer);
    await test.server.until(() => test.runs.has(offer.attempt));
    const { finished } = test.core.attempts.get(offer.attempt)!;

    test.server.attempts.delete(offer.attempt);
    test.server.meddle = (name) => (name === "state" ? { ok: true, value: { ok: true } } : null);
    test.server.cut();
    await test.server.until(() => test.server.hellos.length === 2);
    const afterFirst = test.core.attempts.all.length;
    test.server.cut();
    await finished;

    expect(afterFirst).toBe(1);
    expect(test.removed).toEqual([`nebula-${offer.attempt}`]);
  });

  it("of another fence is not cancelled", async () => {
    await using test = await TestCore.started();
    const { attempt } = anOffer("x");
    const cancel = { attempt, fence: 3, mode: "kill", reason: "cancelled", graceMs: 0 } as const;

    await expect(test.server.cancel(cancel)).rejects.toThrow("LEASE_LOST");
  });

  it("that was running before the machine was rebooted is the rig's fault", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");
    await test.server.offer(offer);
    await test.server.until(() => test.runs.has(offer.attempt));
    await test.leave();

    const load = async () => ({ load1: 0, memoryFreeMiB: 1, diskFreeMiB: 50_000 });
    const inventory = async () => Promise.reject(new Error("not asked for"));
    await test.start({ host: { bootId: "boot-2", load, inventory }, bootId: "boot-2" });
    await test.server.until(() => test.server.attempt(offer.attempt).fin !== null);

    expect(test.server.attempt(offer.attempt).exited).toMatchObject({ outcome: "RIG_FAULT", usedMs: 0 });
  });
});

describe("a receipt", () => {
  it("that charges more than was used is not signed", async () => {
    await using test = await TestCore.started();
    const { propose } = test.server;
    test.server.propose = (offer, exited, rig) =>
      propose(offer, { ...exited, usedMs: exited.usedMs + 10_000 }, rig);
    const offer = anOffer("x");
    await test.server.offer(offer);
    await test.server.until(() => test.runs.has(offer.attempt));

    await test.run(offer.attempt).exit();
    const beats = test.server.beats.length;
    await test.server.until(
      () => test.server.attempt(offer.attempt).exited !== null && test.server.beats.length > beats + 2,
    );

    expect(test.server.attempt(offer.attempt).fin).toBeNull();
  });

  it("is sent again when the connection breaks before it is taken", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");
    await test.server.offer(offer);
    await test.server.until(() => test.runs.has(offer.attempt));
    let cuts = 0;
    test.server.meddle = (name) => {
      if (name !== "fin" || cuts++ > 0) return null;
      test.server.cut();
      return "swallow";
    };

    await test.run(offer.attempt).exit();
    await test.server.until(() => test.server.attempt(offer.attempt).fin !== null);

    expect(cuts).toBe(2);
  });

  it("survives an agent that goes between the end and the signature", async () => {
    await using test = await TestCore.started();
    const offer = anOffer("x");
    await test.server.offer(offer);
    await test.server.until(() => test.runs.has(offer.attempt));
    test.server.meddle = (name) => (name === "exited" ? "swallow" : null);
    await test.run(offer.attempt).exit();
    await test.server.until(() => test.server.lastBeat?.freeSlots.length === 2);
    await test.leave();

    test.server.meddle = () => null;
    await test.start();
    await test.server.until(() => test.server.attempt(offer.attempt).fin !== null);

    expect(test.server.attempt(offer.attempt).exited).toMatchObject({ outcome: "OK", usedMs: 1_000 });
  });
});

describe("a session", () => {
  it("ends for good when a newer one of the same rig begins", async () => {
    await using test = await TestCore.started();

    test.server.supersede();

    expect(await test.core.ended).toEqual({ how: "superseded" });
  });

  it("ends for good when the server refuses the rig's key", async () => {
    await using test = await TestCore.started();

    test.server.refuse = true;
    test.server.cut();

    expect(await test.core.ended).toMatchObject({ how: "refused", error: { code: "RIG_AUTH_INVALID" } });
  });

  it("has a higher epoch each time", async () => {
    await using test = await TestCore.started();

    test.server.cut();
    await test.server.until(() => test.server.epochs.length === 2);

    expect(test.server.epochs).toEqual([1, 2]);
  });

  it("closes when a beat is not answered, and another begins", async () => {
    await using test = await TestCore.started();
    test.server.meddle = (name) => (name === "beat" && test.server.epochs.length === 1 ? "swallow" : null);

    await test.server.until(() => test.server.epochs.length === 2 && test.server.beats.length > 0);

    expect(test.core.isConnected).toBe(true);
  });
});
