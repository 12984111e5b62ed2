import fc from "fast-check";
import { expect, it } from "vitest";
import { settleOverwrites } from "../../src/cell/overwrite.ts";

/** What a terminal with `\r` and `\n` shows, and the column where it stands. */
function terminal(text: string, line = "", at = 0): { shown: string; column: number } {
  let shown = "";
  let [current, column] = [line, at];
  for (const character of text) {
    if (character === "\n") [shown, current, column] = [`${shown}${current}\n`, "", 0];
    else if (character === "\r") column = 0;
    else [current, column] = [current.slice(0, column) + character + current.slice(column + 1), column + 1];
  }
  return { shown: shown + current, column };
}

it.each([
  ["plain text", "a\nb\n", "a\nb\n"],
  ["one redraw", "10%\r20%", "10%\r20%"],
  ["many redraws", "x\r10%\r20%\r30%\n", "x\r30%\n"],
  ["a shorter last piece", "\rlonger\rabc", "\rabcger\rabc"],
  ["a Windows line end", "a\r\nb", "a\r\nb"],
  ["backspaces", "a\bb\rc\rd", "a\bb\rc\rd"],
])("settles %s", (_, text, settled) => {
  expect(settleOverwrites(text)).toBe(settled);
});

it("shows the same as before, whatever was on the line and whatever follows", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\r", "\n"), maxLength: 40 });
  const line = fc.string({ unit: fc.constantFrom("x", "y"), maxLength: 6 });

  fc.assert(
    fc.property(text, line, (written, before) => {
      expect(terminal(settleOverwrites(written), before, before.length)).toEqual(
        terminal(written, before, before.length),
      );
    }),
  );
});

it("never makes a text longer", () => {
  const text = fc.string({ unit: fc.constantFrom("ab", "c", "\r", "\n"), maxLength: 60 });

  fc.assert(fc.property(text, (written) => settleOverwrites(written).length <= written.length));
});
