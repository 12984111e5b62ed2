import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Transcript, type TranscriptSink } from "../../src/domain/transcript.ts";
import { readLineHead } from "../../src/domain/frame-line.ts";

/** Keeps in memory what the spool keeps on disk. */
class MemorySpool implements TranscriptSink {
  readonly written: string[] = [];
  readonly foreign: string[] = [];
  readonly #tail = new Map<number, string[]>();

  events(line: Buffer): void {
    this.written.push(line.toString());
  }
  stderr(bytes: Buffer): void {
    this.foreign.push(bytes.toString());
  }
  tail(segment: number, line: Buffer): void {
    this.#tail.set(segment, [...(this.#tail.get(segment) ?? []), line.toString()]);
  }
  dropTail(segment: number): void {
    this.#tail.delete(segment);
  }
  closed(transcript: Transcript): string[] {
    const rest = transcript
      .closing()
      .flatMap((part) => ("bytes" in part ? [part.bytes.toString()] : (this.#tail.get(part.segment) ?? [])));
    return [...this.written, ...rest];
  }
}

const LIMITS = { capBytes: 1_000, controlBytesMax: 10_000, stderrBytesMax: 100 };
const stream = (text: string): string => JSON.stringify({ t: "stream", n: text.length, content: { text } });
const display = (size: number): string =>
  JSON.stringify({ t: "display", n: size, content: { data: "d".repeat(size) } });
const status = (state: string): string => JSON.stringify({ t: "status", n: 0, state });
const RESULT = JSON.stringify({ t: "result", n: 0, outcome: "ok" });

function transcribed(lines: readonly string[], changes: Partial<typeof LIMITS> = {}) {
  const spool = new MemorySpool();
  const transcript = new Transcript(spool, { ...LIMITS, ...changes });
  lines.forEach((line, index) => transcript.push(Buffer.from(`${line}\n`), index * 1_000));
  const frames = spool
    .closed(transcript)
    .map((line) => JSON.parse(line) as { t: string; n: number; bytes: number; displays: number; cut?: true });
  return { frames, foreign: spool.foreign, transcript };
}

const payload = (frames: readonly { n: number }[]): number => frames.reduce((sum, { n }) => sum + n, 0);

describe("a transcript", () => {
  it("below a quarter of its cap is as it came", () => {
    const lines = [status("running"), stream("a".repeat(200)), RESULT];

    expect(transcribed(lines).frames.map(({ t }) => t)).toEqual(["status", "stream", "result"]);
  });

  it("says at once where it is cut, and at the end what was skipped", () => {
    const { frames } = transcribed([...Array.from({ length: 40 }, () => stream("b".repeat(100))), RESULT]);

    const skipped = frames.filter(({ t }) => t === "skipped");
    expect(skipped[0]).toMatchObject({ cut: true, bytes: 0 });
    expect(skipped).toHaveLength(2);
    expect(frames.findIndex(({ cut }) => cut === true)).toBe(2);
    expect(payload(frames) + skipped[1]!.bytes).toBe(4_000);
  });

  it("counts the displays that were skipped", () => {
    const { frames } = transcribed([
      ...Array.from({ length: 20 }, () => display(100)),
      ...Array.from({ length: 20 }, () => stream("c".repeat(100))),
    ]);

    expect(frames.filter(({ t }) => t === "skipped")[1]).toMatchObject({ displays: 18 });
  });

  it("never drops control frames, and ends with the result", () => {
    const noise = Array.from({ length: 100 }, (_, index) => [
      stream("d".repeat(100)),
      status(`s${String(index)}`),
    ]).flat();
    const { frames } = transcribed([RESULT, ...noise]);

    expect(frames.filter(({ t }) => t === "status")).toHaveLength(100);
    expect(frames.at(-1)!.t).toBe("result");
  });

  it("keeps a frame that is larger than the tail out, and counts it", () => {
    const { frames } = transcribed([display(5_000), stream("end")]);

    expect(frames.filter(({ t }) => t === "display")).toHaveLength(0);
    expect(frames.filter(({ t }) => t === "skipped")[1]).toMatchObject({ bytes: 5_000, displays: 1 });
    expect(frames.at(-1)).toMatchObject({ t: "stream", n: 3 });
  });

  it("thins progress out, and keeps the last", () => {
    const spool = new MemorySpool();
    const transcript = new Transcript(spool, LIMITS);
    const progress = (fraction: number) =>
      Buffer.from(`${JSON.stringify({ t: "progress", n: 0, fraction })}\n`);

    for (let index = 0; index <= 50; index += 1) transcript.push(progress(index / 50), index);
    const fractions = spool
      .closed(transcript)
      .map((line) => (JSON.parse(line) as { fraction: number }).fraction);

    expect(fractions).toEqual([0, 1]);
  });

  it("takes a flood of control frames for a broken runner", () => {
    expect(transcribed([status("x")], { controlBytesMax: 5 }).transcript.isControlFlooded).toBe(true);
    expect(transcribed([status("x")]).transcript.isControlFlooded).toBe(false);
  });

  it("keeps lines that are no frames apart, up to a bound", () => {
    const { frames, foreign } = transcribed(["garbage", '{"n":1,"t":"stream"}', "z".repeat(500)]);

    expect(frames).toEqual([]);
    expect(foreign.join("")).toHaveLength(100);
  });

  it("accounts for every byte and keeps the order, whatever comes", () => {
    const sizes = fc.array(fc.tuple(fc.constantFrom("stream", "display"), fc.nat(400)), { maxLength: 120 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 64, max: 4_000 }), (parts, capBytes) => {
        const lines = parts.map(([t, n], id) => JSON.stringify({ t, n, id }));
        const { frames } = transcribed(lines, { capBytes });
        const kept = frames.filter(({ t }) => t !== "skipped") as { n: number; t: string; id?: number }[];
        const skipped = frames.filter(({ t }) => t === "skipped").at(-1) ?? { bytes: 0, displays: 0 };
        const displays = (list: readonly { t: string }[]) => list.filter(({ t }) => t === "display").length;

        expect(payload(kept) + skipped.bytes).toBe(parts.reduce((sum, [, n]) => sum + n, 0));
        expect(displays(kept) + skipped.displays).toBe(displays(parts.map(([t]) => ({ t }))));
        expect(payload(kept)).toBeLessThanOrEqual(capBytes);
        const ids = kept.map(({ id }) => id!);
        expect(ids).toEqual([...ids].sort((a, b) => a - b));
      }),
    );
  });
});

describe("the head of a line", () => {
  it.each([
    ['{"t":"stream","n":12,"cell":"c"}', "output", 12],
    ['{"t":"update_display","n":0,"content":{}}', "output", 0],
    ['{"t":"status","n":0,"state":"running"}', "control", 0],
    ['{"t":"from_a_newer_runner","n":3}', "control", 3],
    ['{"t":"progress","n":4,"fraction":1}', "progress", 4],
    ['{"t":"result","n":0,"outcome":"ok"}', "result", 0],
    ['{"t": "stream","n":12}', "foreign", 0],
    ['{"n":12,"t":"stream"}', "foreign", 0],
    ['{"t":"stream","n":-1,"x":1}', "foreign", 0],
    ['{"t":"stream","n":1e9,"x":1}', "foreign", 0],
    ["", "foreign", 0],
  ])("of %s is %s with %i bytes", (line, kind, payloadBytes) => {
    expect(readLineHead(Buffer.from(line))).toMatchObject({ kind, payloadBytes });
  });
});
