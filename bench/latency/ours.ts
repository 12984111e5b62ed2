import type { Client } from "@nebula/client";
import { jobSpecSchema } from "@nebula/protocol";
import type { Job, JobSpec } from "@nebula/protocol";
import { randomUUID } from "node:crypto";

export interface OurRun {
  readonly job: Job;
  /** Milliseconds from the submit call to the first output event at the client. */
  readonly firstOutputMs: number;
  /** To the end of the job at the client. */
  readonly wholeMs: number;
}

/** A one-cell job; every one has another text, so that nothing is answered from a memory of the last. */
export function oneCell(image: string, source: string): JobSpec {
  const cells = [{ id: randomUUID().slice(0, 8), source, role: "run" as const, tags: [] }];
  return jobSpecSchema.parse({ v: 1, image, class: "cpu", cells, timeLimitMs: 60_000, title: "bench" });
}

/** Submits one job and follows it to its end. Throws when it failed or printed nothing. */
export async function ourRun(client: Client, spec: JobSpec): Promise<OurRun> {
  const start = performance.now();
  const submitted = await client.call("submitJob", { body: { spec } });
  let firstOutputMs = Number.NaN;
  const job = await client.follow(submitted.id, {
    onEvents: (events) => {
      if (Number.isNaN(firstOutputMs) && events.some(({ frame }) => frame.t === "stream"))
        firstOutputMs = performance.now() - start;
    },
  });
  const wholeMs = performance.now() - start;
  if (job.failure !== null || Number.isNaN(firstOutputMs))
    throw new Error(`job ${job.id} ended ${job.state}: ${job.failure?.message ?? "no output"}`);
  return { job, firstOutputMs, wholeMs };
}
