import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Demultiplexer } from "../../src/attacher/demultiplex.ts";
import { LineSplitter } from "../../src/attacher/lines.ts";
import { Stopper } from "../../src/attacher/stopper.ts";

function block(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** Cuts bytes at the given places, in any order and number. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const cutsOf = fc.array(fc.nat(10_000), { maxLength: 30 });

describe("the engine's stream", () => {
  it("comes apart the same wherever it is cut", () => {
    const blocks = fc.array(fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.string()), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(blocks, cutsOf, (parts, cuts) => {
        const seen = { stdout: "", stderr: "" };
        const bytes = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
        const demultiplexer = new Demultiplexer((stream, part) => bytes[stream].push(part));

        for (const piece of pieces(Buffer.concat(parts.map(([stream, text]) => block(stream, text))), cuts))
          demultiplexer.push(piece);

        seen.stdout = Buffer.concat(bytes.stdout).toString();
        seen.stderr = Buffer.concat(bytes.stderr).toString();
        const expected = (wanted: 1 | 2) =>
          Buffer.from(
            parts
              .filter(([s]) => s === wanted)
              .map(([, text]) => text)
              .join(""),
          ).toString();
        expect(seen).toEqual({ stdout: expected(1), stderr: expected(2) });
      }),
    );
  });
});

describe("lines", () => {
  function split(texts: readonly (string | Buffer)[], lineBytesMax = 1_000) {
    const lines: string[] = [];
    const overlong: string[] = [];
    const splitter = new LineSplitter({
      lineBytesMax,
      onLine: (line) => lines.push(line.toString()),
      onOverlong: (bytes) => overlong.push(bytes.toString()),
    });
    for (const text of texts) splitter.push(Buffer.from(text));
    splitter.finish();
    return { lines, overlong };
  }

  it("are the same wherever the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "é", "\n") })), cutsOf, (texts, cuts) => {
        const whole = Buffer.from(texts.join(""));

        expect(split(pieces(whole, cuts))).toEqual(split([whole]));
      }),
    );
  });

  it("keep their end, and an unfinished one counts as none", () => {
    expect(split(["a\nb\n\nc"])).toEqual({ lines: ["a\n", "b\n", "\n"], overlong: ["c"] });
  });

  it("that are too long are handed on as they come, and the next is a line again", () => {
    const { lines, overlong } = split(["x".repeat(8), "x".repeat(8), "x".repeat(8), "y\nfine\n"], 10);

    expect(lines).toEqual(["fine\n"]);
    expect(overlong.join("")).toBe(`${"x".repeat(24)}y\n`);
  });
});

describe("stopping", () => {
  function stopper() {
    vi.useFakeTimers();
    const sent: string[] = [];
    const subject = new Stopper((signal, reason) => sent.push(`${signal} ${reason}`));
    return { sent, subject, [Symbol.dispose]: () => vi.useRealTimers() };
  }

  it("goes down the ladder until the container has ended", () => {
    using test = stopper();
    test.subject.started();

    test.subject.stop({ mode: "interrupt", reason: "cancelled", graceMs: 1_000 });
    vi.advanceTimersByTime(1_500);
    test.subject.ended();
    vi.advanceTimersByTime(60_000);

    expect(test.sent).toEqual(["SIGINT cancelled", "SIGTERM cancelled"]);
  });

  it("waits for the container to start", () => {
    using test = stopper();

    test.subject.stop({ mode: "kill", reason: "cancelled", graceMs: 0 });
    vi.advanceTimersByTime(1_000);
    const before = [...test.sent];
    test.subject.started();
    vi.advanceTimersByTime(0);

    expect(before).toEqual([]);
    expect(test.sent).toEqual(["SIGKILL cancelled"]);
  });

  it("keeps its first reason and takes the harder way", () => {
    using test = stopper();
    test.subject.started();

    test.subject.stop({ mode: "interrupt", reason: "cancelled", graceMs: 10_000 });
    vi.advanceTimersByTime(10);
    test.subject.stop({ mode: "terminate", reason: "time-limit", graceMs: 0 });
    test.subject.stop({ mode: "kill", reason: "dead-man", graceMs: 0 });
    vi.advanceTimersByTime(60_000);

    expect(test.sent).toEqual(["SIGINT cancelled", "SIGKILL cancelled"]);
    expect(test.subject.reason).toBe("cancelled");
  });
});
