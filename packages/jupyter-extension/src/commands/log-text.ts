interface LogLine {
  readonly t?: unknown;
  readonly content?: {
    readonly text?: unknown;
    readonly traceback?: unknown;
    readonly data?: Record<string, unknown>;
  };
}

function streamText({ content }: LogLine): unknown {
  return content?.text;
}

function errorText({ content }: LogLine): unknown {
  return Array.isArray(content?.traceback) ? `${content.traceback.join("\n")}\n` : null;
}

function displayText({ content }: LogLine): unknown {
  const plain = content?.data?.["text/plain"];
  return typeof plain === "string" ? `${plain}\n` : null;
}

const TEXTS: Readonly<Record<string, (line: LogLine) => unknown>> = {
  stream: streamText,
  error: errorText,
  display: displayText,
};

function textOf(line: LogLine): string {
  const text = typeof line.t === "string" ? TEXTS[line.t]?.(line) : null;
  return typeof text === "string" ? text : "";
}

function parsed(line: string): LogLine {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Everything that a job printed, as plain text, from its event stream of one JSON frame per line. */
export function logText(stream: Uint8Array): string {
  const lines = new TextDecoder().decode(stream).split("\n");
  return lines.map((line) => (line === "" ? "" : textOf(parsed(line)))).join("");
}
