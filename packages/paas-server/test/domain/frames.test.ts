import fc from "fast-check";
import { expect, test } from "vitest";
import {
  frameOfLine,
  hasPlace,
  kindOfLine,
  LINE_BYTES_MAX,
  NOTHING,
  splitLines,
  type Unfinished,
} from "../../src/domain/frames.ts";

function linesOf(chunks: readonly Uint8Array[]): { lines: string[]; rest: number } {
  const lines: string[] = [];
  let rest: Unfinished = NOTHING;
  for (const chunk of chunks) {
    const split = splitLines(rest, chunk);
    lines.push(...split.lines.map((line) => line.toString("latin1")));
    ({ rest } = split);
  }
  return { lines, rest: rest.size };
}

test("the same bytes give the same lines, whatever the borders of the chunks", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "bc", "\n", "\n\n", "é")),
      fc.array(fc.nat(5), { minLength: 1 }),
      (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(""));
        const chunks: Buffer[] = [];
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const size = 1 + (sizes[index % sizes.length] ?? 0);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(linesOf(chunks)).toEqual(linesOf([bytes]));
      },
    ),
  );
});

test("a line without end is cut where it becomes too long", () => {
  const chunk = Buffer.alloc(1024 * 1024, 120);

  const { lines, rest } = linesOf(Array.from({ length: 10 }, () => chunk));

  expect(lines.map((line) => line.length)).toEqual([LINE_BYTES_MAX]);
  expect(rest).toBe(10 * chunk.length - LINE_BYTES_MAX);
});

test.each([
  ['{"t":"stream","n":1,"cell":"c"', "event"],
  ['{"t":"progress","n":0,', "progress"],
  ['{"t":"result","n":0,', "result"],
  ['{"t":"artefact","n":0,', "artefact"],
  ['{"t":"ready","n":0,', "other"],
  ['{"t":"new_thing","n":0,', "other"],
  ["plain text", "event"],
  ['{"n":0,"t":"stream"}', "event"],
  ["", "other"],
])("%j is %s", (line, kind) => {
  expect(kindOfLine(Buffer.from(line))).toBe(kind);
});

test("whatever a line holds, it becomes a frame or has no place", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map((text) => `{"t":"stream","n":${text}`),
      ),
      (text) => {
        const line = Buffer.from(text);
        if (hasPlace(kindOfLine(line))) expect(frameOfLine(line)).toHaveProperty("t");
      },
    ),
  );
});
