import { expect, test } from "vitest";
import { createLogger } from "../../src/adapters/logging/logger.ts";

test("what is secret is left out of a log line, at any of three depths", () => {
  const lines: string[] = [];
  const log = createLogger("info", { write: (line) => void lines.push(line) });

  log.info(
    { token: "t0p", request: { authorization: "t0p", body: { sealedKey: "t0p" } }, jobId: "job_1" },
    "said",
  );

  expect(lines.join("")).not.toContain("t0p");
  expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({ level: "info", jobId: "job_1", msg: "said" });
});
