/** What a line of the runner is to the transcript: users' output counts against the cap, the rest does not. */
export type LineKind = "output" | "control" | "progress" | "result" | "foreign";

export interface LineHead {
  readonly kind: LineKind;
  readonly type: string;
  /** Bytes of the user's payload in the line. */
  readonly payloadBytes: number;
}

const HEAD = /^\{"t":"([a-z_]{1,24})","n":(\d{1,12})[,}]/;
const HEAD_BYTES_MAX = 56;
const FOREIGN: LineHead = { kind: "foreign", type: "", payloadBytes: 0 };

const KINDS: ReadonlyMap<string, LineKind> = new Map<string, LineKind>([
  ["stream", "output"],
  ["display", "output"],
  ["update_display", "output"],
  ["clear_output", "output"],
  ["error", "output"],
  ["progress", "progress"],
  ["result", "result"],
]);

/** Reads the head of one line without parsing its JSON. A line that is no frame is `foreign`. */
export function readLineHead(line: Buffer): LineHead {
  const match = HEAD.exec(line.toString("latin1", 0, Math.min(line.length, HEAD_BYTES_MAX)));
  if (match?.[1] === undefined) return FOREIGN;
  return { kind: KINDS.get(match[1]) ?? "control", type: match[1], payloadBytes: Number(match[2]) };
}

/** Whether the frame shows something rich: such frames are counted when they are skipped. */
export function isDisplay(type: string): boolean {
  return type === "display" || type === "update_display";
}
