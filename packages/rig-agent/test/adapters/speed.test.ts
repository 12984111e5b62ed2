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
  const work = `import(${JSON.stringify(MEASURE)}).then((m) => m.measuredSpeed(${JSON.stringify(folder)}, { cpuModel: "test" }))`;
  const env = { ...process.env, WATCH_REPORT_DEPENDENCIES: "1" };

  await run(process.execPath, ["--conditions=@nebula/source", "--eval", work], { env });
  const kept = JSON.parse(await readFile(join(folder, "speed.json"), "utf8")) as { gflops: unknown };
  await rm(folder, { recursive: true });

  expect(kept.gflops).toBeGreaterThan(0);
});
