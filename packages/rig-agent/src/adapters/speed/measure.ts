import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Bug, speedMilliOf, type Inventory } from "@nebula/protocol";
import { z } from "zod";

const FILE = "speed.json";
const cacheSchema = z.object({ cpuModel: z.string(), gflops: z.number().positive() });
const ENTRY = new URL(`./multiply-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Speed of one core: GFLOP/s of a plain matrix multiplication, and the same in thousandths of a 1080 Ti. A floor, not a rating. */
export interface MeasuredSpeed {
  readonly gflops: number;
  readonly speedMilli: number;
}

async function measure(): Promise<number> {
  const worker = new Worker(ENTRY);
  try {
    return await new Promise<number>((resolve, reject) => {
      // Node's watch mode sends messages of its own through the same port.
      worker.on("message", (message: unknown) => {
        if (typeof message === "number") resolve(message);
      });
      worker.once("error", reject);
      worker.once("exit", () =>
        reject(new Bug("INTERNAL", "The measurement of the speed ended without a figure")),
      );
    });
  } finally {
    await worker.terminate();
  }
}

async function cached(path: string, cpuModel: string): Promise<number | null> {
  try {
    const found = cacheSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return found.cpuModel === cpuModel ? found.gflops : null;
  } catch {
    return null;
  }
}

/** Measures the machine's speed in about a second, once per CPU model; later calls read it from the state folder. */
export async function measuredSpeed(stateDir: string, inventory: Inventory): Promise<MeasuredSpeed> {
  const path = join(stateDir, FILE);
  let gflops = await cached(path, inventory.cpuModel);
  if (gflops === null) {
    gflops = Math.round((await measure()) * 100) / 100;
    await writeFile(path, JSON.stringify({ cpuModel: inventory.cpuModel, gflops }), { mode: 0o600 });
  }
  return { gflops, speedMilli: speedMilliOf(gflops) };
}
