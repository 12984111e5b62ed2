import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { jobCells, readNotebook, verifyReceipt } from "@nebula/client";
import type { Client, Verification } from "@nebula/client";
import { InvalidInput, jobSpecSchema } from "@nebula/protocol";
import type { Campus, Job, JobSpec, Quote, ReceiptBundle, TranscriptEvent } from "@nebula/protocol";

/** What the demo tells while it runs. */
export interface DemoListener {
  onQuote(quote: Quote, campus: Campus): void;
  onJob(job: Job): void;
  onEvents(events: readonly TranscriptEvent[]): void;
  /** Stops telling and following; a submitted job goes on. */
  readonly signal?: AbortSignal;
}

/** All that came of it. Times are milliseconds on a monotone clock from the submit. */
export interface DemoResult {
  readonly spec: JobSpec;
  readonly quote: Quote;
  readonly job: Job;
  readonly events: readonly TranscriptEvent[];
  readonly bundle: ReceiptBundle;
  readonly verification: Verification;
  readonly artefacts: readonly {
    readonly path: string;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly matches: boolean;
  }[];
  readonly timings: {
    readonly submitMs: number;
    readonly firstOutputMs: number | null;
    readonly endedMs: number;
    readonly settledMs: number;
  };
}

/** The specification that runs every code cell of a notebook. Throws `InvalidInput` where there is none. */
export async function specOfNotebook(
  file: string,
  limits: { readonly image: string; readonly class: string },
): Promise<JobSpec> {
  const all = readNotebook(await readFile(file, "utf8"));
  const cells = jobCells(all, new Set(all.map((cell) => cell.id)));
  if (cells.length === 0) {
    throw new InvalidInput(
      "INPUT_INVALID",
      `Expected a notebook with code in it; ${file} has no code cell with code`,
    );
  }
  return jobSpecSchema.parse({ v: 1, ...limits, cells, title: basename(file) });
}

async function readArtefacts(client: Client, job: Job): Promise<DemoResult["artefacts"]> {
  const found = [];
  for (const { path, sizeBytes, sha256 } of job.artefacts) {
    const bytes = await client.call("getArtefact", { params: { jobId: job.id }, query: { path } });
    found.push({
      path,
      sizeBytes,
      sha256,
      matches: `0x${createHash("sha256").update(bytes).digest("hex")}` === sha256,
    });
  }
  return found;
}

/** Runs a notebook as one paid job, as the extension does, and checks its receipt against the chain. */
export async function runDemo(client: Client, file: string, listener: DemoListener): Promise<DemoResult> {
  const campus = await client.call("getCampus");
  const { defaultImage, defaultClass } = await client.call("getOfferings");
  const spec = await specOfNotebook(file, { image: defaultImage, class: defaultClass });
  const quote = await client.call("createQuote", { body: { spec } });
  listener.onQuote(quote, campus);
  const { signal } = listener;
  const stop = signal === undefined ? {} : { signal };
  const start = performance.now();
  const since = (): number => Math.round(performance.now() - start);
  const submitted = await client.call("submitJob", { body: { spec, jobId: quote.jobId } });
  const submitMs = since();
  const events: TranscriptEvent[] = [];
  let firstOutputMs: number | null = null;
  const onEvents = (batch: readonly TranscriptEvent[]): void => {
    if (batch.some(({ frame }) => frame.t === "stream" || frame.t === "display")) firstOutputMs ??= since();
    events.push(...batch);
    listener.onEvents(batch);
  };
  const ended = await client.follow(submitted.id, { ...stop, onEvents, onJob: (job) => listener.onJob(job) });
  const endedMs = since();
  const job = await client.follow(submitted.id, {
    ...stop,
    since: ended.lastSeq,
    untilSettled: true,
    onJob: (now) => listener.onJob(now),
  });
  const settledMs = since();
  const bundle = await client.call("getReceipt", { params: { jobId: job.id } });
  const log = await client.call("getLog", { params: { jobId: job.id } });
  const { rpcUrl, chainId, escrow } = campus.chain;
  const verification = await verifyReceipt(bundle, { chain: { rpcUrl, chainId, escrow }, spec, log });
  const artefacts = await readArtefacts(client, job);
  return {
    spec,
    quote,
    job,
    events,
    bundle,
    verification,
    artefacts,
    timings: { submitMs, firstOutputMs, endedMs, settledMs },
  };
}
