import { describe, expect, it } from "vitest";
import { OUT_CHUNK_BYTES_MAX, OUT_WINDOW_BYTES } from "@nebula/protocol";
import { TestCore } from "../support/core.ts";
import { anOffer } from "../support/offers.ts";
import type { FakeAttempt } from "../support/fake-server.ts";

const text = (length: number): string =>
  Array.from({ length }, (_, index) => String.fromCharCode(97 + (index % 26))).join("");

async function accepted(test: TestCore): Promise<FakeAttempt> {
  const offer = anOffer("x");
  await test.server.offer(offer);
  await test.server.until(() => test.runs.has(offer.attempt));
  return test.server.attempt(offer.attempt);
}

/** Writes `written` in pieces, ends the run, and gives what the server has in the end. */
async function carried(test: TestCore, attempt: FakeAttempt, written: string): Promise<string> {
  const run = test.run(attempt.offer.attempt);
  const piece = Math.ceil(written.length / 7);
  for (let from = 0; from < written.length; from += piece) await run.write(written.slice(from, from + piece));
  await run.exit();
  await test.server.until(() => attempt.fin !== null);
  return attempt.streams.events.toString();
}

type Out = { offset: number; data: Buffer };

describe("output", () => {
  it("arrives byte for byte", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);

    expect(await carried(test, attempt, text(3_000_000))).toBe(text(3_000_000));
  });

  it("is sent again from where the server's bytes end when it asks for that", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    let refusals = 5;

    test.server.meddle = (name) => {
      if (name !== "out" || refusals === 0) return null;
      refusals -= 1;
      return { ok: true, value: { durable: attempt.streams.events.length } };
    };

    expect(await carried(test, attempt, text(500_000))).toBe(text(500_000));
    expect(refusals).toBe(0);
  });

  it("is neither lost nor doubled when acknowledgements are lost", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    let muted = 3;

    test.server.meddle = (name) => (name === "out" && muted-- > 0 ? "mute" : null);

    expect(await carried(test, attempt, text(300_000))).toBe(text(300_000));
  });

  it("is neither lost nor doubled when messages are lost", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    let count = 0;

    test.server.meddle = (name) => (name === "out" && (count += 1) === 2 ? "swallow" : null);

    expect(await carried(test, attempt, text(300_000))).toBe(text(300_000));
  });

  it("goes on after the connection was cut", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    let cuts = 0;

    test.server.meddle = (name, body) => {
      if (name === "out" && (body as Out).offset > 200_000 && cuts < 2) {
        cuts += 1;
        test.server.cut();
        return "swallow";
      }
      return null;
    };

    expect(await carried(test, attempt, text(900_000))).toBe(text(900_000));
    expect(test.server.epochs).toHaveLength(3);
  });

  it("keeps its chunks and its window within their limits", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    const sizes: number[] = [];
    let ahead = 0;

    test.server.meddle = (name, body) => {
      if (name !== "out") return null;
      const { offset, data } = body as Out;
      sizes.push(data.length);
      ahead = Math.max(ahead, offset + data.length - attempt.streams.events.length);
      return null;
    };
    await carried(test, attempt, text(4_000_000));

    expect(Math.max(...sizes)).toBeLessThanOrEqual(OUT_CHUNK_BYTES_MAX);
    expect(ahead).toBeLessThanOrEqual(OUT_WINDOW_BYTES);
  });

  it("does not pass the window while nothing is acknowledged", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    let sent = 0;

    test.server.meddle = (name, body) => {
      if (name !== "out") return null;
      sent = Math.max(sent, (body as Out).offset + (body as Out).data.length);
      return "swallow";
    };
    await test.run(attempt.offer.attempt).write(text(3 * OUT_WINDOW_BYTES));
    await test.server.until(() => sent >= OUT_WINDOW_BYTES);
    await test.server.until(() => test.server.beats.length > 2);

    expect(sent).toBe(OUT_WINDOW_BYTES);
  });

  it("is sent again when the server finds at the end that some is missing", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    let asked = 0;

    test.server.meddle = (name) => {
      if (name !== "exited" || asked++ > 0) return null;
      attempt.streams.events.cutTo(1_000);
      return { ok: true, value: { resend: { events: 1_000, stderr: 0 } } };
    };

    expect(await carried(test, attempt, text(10_000))).toBe(text(10_000));
  });

  it("sends the first chunk of a burst at once and gathers the rest", async () => {
    await using test = await TestCore.started();
    const attempt = await accepted(test);
    const sizes: number[] = [];
    test.server.meddle = (name, body) => {
      if (name === "out") sizes.push((body as Out).data.length);
      return null;
    };

    const run = test.run(attempt.offer.attempt);
    for (let index = 0; index < 20; index += 1) await run.write("x");
    await test.server.until(() => attempt.streams.events.length === 20);

    expect(sizes.length).toBeLessThan(6);
    expect(sizes[0]).toBeLessThan(20);
  });
});
