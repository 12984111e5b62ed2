import { expect, it } from "vitest";
import {
  CHARACTERS_MAX,
  DISPLAY_CHARACTERS_MAX,
  DISPLAYS_MAX,
  DisplayCap,
  LINES_MAX,
  TextCap,
} from "../../src/cell/text-cap.ts";

it("keeps the first lines and counts the others to the byte", () => {
  const cap = new TextCap();
  const text = Array.from({ length: LINES_MAX + 3 }, (_, at) => `é${String(at % 10)}\n`).join("");

  const kept = cap.admit(text);

  expect(kept.split("\n")).toHaveLength(LINES_MAX + 1);
  expect(cap.leftOut).toEqual({ lines: 3, bytes: 3 * 4 });
});

it("counts lines across pieces", () => {
  const cap = new TextCap();

  const kept = Array.from({ length: LINES_MAX + 1 }, () => cap.admit("a") + cap.admit("\n")).join("");

  expect(kept).toBe("a\n".repeat(LINES_MAX));
  expect(cap.leftOut).toEqual({ lines: 1, bytes: 2 });
});

it("cuts one endless line", () => {
  const cap = new TextCap();

  expect(cap.admit("x".repeat(CHARACTERS_MAX + 10))).toHaveLength(CHARACTERS_MAX);
  expect(cap.leftOut).toEqual({ lines: 0, bytes: 10 });
});

it("does not count what a carriage return overwrites", () => {
  const cap = new TextCap();
  const redraw = `\r${"#".repeat(80)}`;

  const kept = Array.from({ length: 10_000 }, () => cap.admit(redraw));

  expect(kept.every((piece) => piece === redraw)).toBe(true);
  expect(cap.leftOut.bytes).toBe(0);
});

it("lets a limited number of displays through", () => {
  const cap = new DisplayCap();

  const admitted = Array.from({ length: DISPLAYS_MAX + 2 }, () => cap.admit({ data: {} })).filter(Boolean);

  expect(admitted).toHaveLength(DISPLAYS_MAX);
  expect(cap.leftOut).toBe(2);
});

it("lets a limited size of displays through", () => {
  const cap = new DisplayCap();

  expect(cap.admit({ data: { "image/png": "x".repeat(DISPLAY_CHARACTERS_MAX) } })).toBe(false);
  expect(cap.admit({ data: { "image/png": "x" } })).toBe(true);
});
