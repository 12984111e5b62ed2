import { expect, it } from "vitest";
import { logText } from "../../src/commands/log-text.ts";

const bytes = (...lines: unknown[]): Uint8Array =>
  new TextEncoder().encode(
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
  );

it("reads everything that was printed, in order", () => {
  const stream = bytes(
    { t: "status", state: "running" },
    { t: "stream", content: { name: "stdout", text: "hé" } },
    { t: "stream", content: { name: "stderr", text: "llo\n" } },
    { t: "display", content: { data: { "text/plain": "<Figure>", "image/png": "…" } } },
    { t: "error", content: { traceback: ["Traceback", "ValueError: no"] } },
    { t: "result", outcome: "error" },
  );

  expect(logText(stream)).toBe("héllo\n<Figure>\nTraceback\nValueError: no\n");
});

it("passes over lines that are cut or strange", () => {
  expect(
    logText(bytes("{", "7", "null", { t: "stream" }, { t: "stream", content: { text: "ok" } }, "")),
  ).toBe("ok");
});
