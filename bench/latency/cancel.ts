import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "@nebula/client";
import { rowOf, type Row } from "../row.ts";
import { oneCell } from "./ours.ts";

const run = promisify(execFile);
const LOOP = 'import time\nprint("begun", flush=True)\nwhile True:\n    time.sleep(0.05)';

async function containersOf(): Promise<string[]> {
  const { stdout } = await run("docker", ["ps", "-q", "--no-trunc", "--filter", "label=nebula.attempt"]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Starts a job that never ends, cancels it once it has printed, and waits until its container is gone. Seconds. */
async function cancelOnce(client: Client): Promise<number> {
  const { promise: begun, resolve } = Promise.withResolvers<undefined>();
  const submitted = await client.call("submitJob", { body: { spec: oneCell("coursework", LOOP) } });
  let text = "";
  const ended = client.follow(submitted.id, {
    onEvents: (events) => {
      for (const { frame } of events) if (frame.t === "stream") text += frame.content.text;
      if (text.includes("begun")) resolve(undefined);
    },
  });
  await Promise.race([begun, ended]);
  const start = performance.now();
  await client.call("cancelJob", { params: { jobId: submitted.id } });
  while ((await containersOf()).length > 0) await delay(20);
  const seconds = (performance.now() - start) / 1_000;
  const job = await ended;
  if (job.state !== "cancelled" && job.state !== "settled")
    throw new Error(`the cancelled job ended ${job.state}`);
  if (!text.includes("begun")) throw new Error("the partial output was lost");
  return seconds;
}

/** `cancel_s`: press cancel → container gone, partial output kept. */
export async function measureCancel(bench: {
  readonly client: Client;
  readonly n: number;
  readonly log: (line: string) => void;
}): Promise<Row> {
  const samples: number[] = [];
  for (let round = 0; round < bench.n; round += 1) {
    samples.push(await cancelOnce(bench.client));
    bench.log(`cancel ${String(round + 1)}/${String(bench.n)}: ${(samples.at(-1) ?? 0).toFixed(2)} s`);
  }
  return rowOf({ metric: "cancel_s", unit: "s", samples, target: { text: "median ≤ 1.5", medianMax: 1.5 } });
}
