import type { TranscriptEvent } from "@nebula/protocol";

type Frame = TranscriptEvent["frame"];
type Shown = { readonly [Type in Frame["t"]]: (frame: Extract<Frame, { t: Type }>) => string };

function plainText(data: Readonly<Record<string, unknown>>): string {
  const text = data["text/plain"];
  const body = Array.isArray(text) ? text.join("") : typeof text === "string" ? text : "";
  const others = Object.keys(data).filter((type) => type !== "text/plain");
  return `${body}${others.length > 0 ? `  [${others.join(", ")}]` : ""}\n`;
}

const nothing = (): string => "";

const SHOWN: Shown = {
  stream: ({ content }) => content.text,
  display: ({ content }) => plainText(content.data),
  update_display: ({ content }) => plainText(content.data),
  error: ({ content }) => `${content.traceback.join("\n")}\n`,
  progress: ({ fraction, note }) => `${progressBar(fraction)} ${note}\n`,
  skipped: ({ bytes }) =>
    bytes > 0 ? `… ${String(bytes)} bytes skipped: the output passed the limit of this job\n` : "",
  attempt: ({ rig }) => `— attempt on rig ${rig}\n`,
  clear_output: nothing,
  input_request: nothing,
  status: nothing,
  usage: nothing,
  result: nothing,
};

/** What a terminal shows of one frame; empty for frames that are not for people. */
export function frameText(frame: Frame): string {
  const show = SHOWN[frame.t] as (frame: Frame) => string; // each entry takes the frame of its own type
  return show(frame);
}

/** A bar of 24 places with the percentage; `fraction` is from 0 to 1. */
export function progressBar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * 24);
  return `${"█".repeat(full)}${"░".repeat(24 - full)} ${String(Math.round(fraction * 100)).padStart(3)} %`;
}
