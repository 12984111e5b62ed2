/** What a terminal shows after writing `pieces` one over the other from column 0. */
function overlay(pieces: readonly string[]): string {
  return pieces.reduce((shown, piece) => piece + shown.slice(piece.length), "");
}

function settleLine(line: string): string {
  const pieces = line.split("\r");
  const [before = "", ...over] = pieces;
  const last = over.at(-1);
  if (last === undefined || over.length === 1) return line;
  const shown = overlay(over);
  // The cursor stands after the last piece, which may be shorter than what an earlier one left behind it.
  return shown.length === last.length ? `${before}\r${last}` : `${before}\r${shown}\r${last}`;
}

/**
 * Applies the carriage returns inside a block of text, so that a thousand redraws of a progress bar reach the output
 * area as one. The first piece of a line stays: it may go on with a line that is shown already. Backspaces are left to
 * the output area.
 */
export function settleOverwrites(text: string): string {
  if (!text.includes("\r") || text.includes("\b")) return text;
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      const end = /\r*\n$/.exec(line)?.[0] ?? "";
      return settleLine(line.slice(0, line.length - end.length)) + end;
    })
    .join("");
}
