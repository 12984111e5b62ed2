import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const MEASURE = new URL("../../src/adapters/speed/measure.ts", import.meta.url).href;

test("the speed is a number also under Node's watch mode, which writes to the same port", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nebula-speed-"));
  const script = `const { measuredSpeed } = await import(${JSON.stringify(MEASURE)}); await measuredSpeed(${JSON.stringify(folder)}, { cpuModel: "test" });`;
  const env = { ...process.env, WATCH_REPORT_DEPENDENCIES: "1" };

  await run(process.execPath, ["--conditions=@nebula/source", "--input-type=module", "--eval", script], {
    env,
  });
  const kept: unknown = JSON.parse(await readFile(join(folder, "speed.json"), "utf8"));
  await rm(folder, { recursive: true });

  expect(kept).toEqual({ cpuModel: "test", gflops: expect.any(Number) });
});
