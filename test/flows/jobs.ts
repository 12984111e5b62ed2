import { verifyReceipt } from "@nebula/client";
import type { Client } from "@nebula/client";
import { jobSpecSchema } from "@nebula/protocol";
import type {
  FailureCode,
  Job,
  JobSpec,
  JobSpecInput,
  ReceiptBundle,
  TranscriptEvent,
} from "@nebula/protocol";
import { expect } from "vitest";
import type { Campus } from "./campus.ts";

/** A job of one cell on the smallest image, at most half a minute long. */
export function aSpec(source: string, more: Partial<JobSpecInput> = {}): JobSpec {
  return jobSpecSchema.parse({
    v: 1,
    image: "minimal",
    class: "cpu",
    cells: [{ id: "cell-1", source, role: "run" }],
    timeLimitMs: 30_000,
    ...more,
  });
}

/** A job and everything that its viewer was shown. */
export interface Watched {
  readonly job: Job;
  readonly events: readonly TranscriptEvent[];
}

/** Submits a job by the account's managed key. */
export async function submit(client: Client, spec: JobSpec, ceiling?: bigint): Promise<Job> {
  return client.call("submitJob", { body: { spec, ...(ceiling === undefined ? {} : { ceiling }) } });
}

/** Follows a job until its money has moved. */
export async function watchToEnd(client: Client, jobId: string): Promise<Watched> {
  const events: TranscriptEvent[] = [];
  const onEvents = (batch: readonly TranscriptEvent[]): void => void events.push(...batch);
  const job = await client.follow(jobId, { onEvents, untilSettled: true });
  return { job, events };
}

/** Submits a job and follows it to its end. */
export async function runJob(client: Client, spec: JobSpec, ceiling?: bigint): Promise<Watched> {
  return watchToEnd(client, (await submit(client, spec, ceiling)).id);
}

/** Follows a job until `isSeen` holds for one of its events. */
export async function untilEvent(
  client: Client,
  jobId: string,
  isSeen: (event: TranscriptEvent) => boolean,
): Promise<TranscriptEvent> {
  const found = Promise.withResolvers<TranscriptEvent>();
  const leave = new AbortController();
  const onEvents = (batch: readonly TranscriptEvent[]): void => {
    const event = batch.find(isSeen);
    if (event !== undefined) found.resolve(event);
  };
  const ended = client
    .follow(jobId, { onEvents, signal: leave.signal })
    .then((job) => found.reject(new Error(`the job ended before, ${job.failure?.code ?? job.state}`)))
    .catch(found.reject);
  try {
    return await found.promise;
  } finally {
    leave.abort();
    await ended;
  }
}

/** What the last attempt wrote to one of its streams. */
export function textOf({ job, events }: Watched, name: "stdout" | "stderr" = "stdout"): string {
  return events
    .filter(({ attemptNo }) => attemptNo === job.attemptNo)
    .map(({ frame }) => (frame.t === "stream" && frame.content.name === name ? frame.content.text : ""))
    .join("");
}

/** The events are the whole transcript: `seq` ascends by one from 1, nothing twice. */
export function expectGapless({ job, events }: Watched): void {
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: job.lastSeq }, (_, index) => index + 1));
}

/** The job was paid for what it used, at most its ceiling, and the rest came back. */
export function expectCharged(job: Job): void {
  expect(job).toMatchObject({ state: "settled", held: 0n });
  expect(job.price).toBeGreaterThan(0n);
  expect(job.price + job.refunded).toBe(job.ceiling);
}

/** The job cost nothing. */
export function expectFree(job: Job): void {
  expect(job).toMatchObject({ state: "settled", held: 0n, price: 0n, refunded: job.ceiling });
}

/** The job failed with this code, and its owner is told who can act and whether he pays. */
export function expectFailure(
  job: Job,
  code: FailureCode,
  facts: Pick<NonNullable<Job["failure"]>, "who" | "charged">,
): void {
  expect(job.failure).toMatchObject({ code, ...facts });
  if (facts.charged === "used") expectCharged(job);
  else expectFree(job);
}

/** The job's receipt holds against its cells, its log and the chain. Gives the receipt. */
export async function expectVerified(
  campus: Campus,
  client: Client,
  ran: { job: Job; spec: JobSpec },
): Promise<ReceiptBundle> {
  const { job, spec } = ran;
  const bundle = await client.call("getReceipt", { params: { jobId: job.id } });
  const log = await client.call("getLog", { params: { jobId: job.id } });
  const { verified, checks } = await verifyReceipt(bundle, { chain: campus.chain, spec, log });
  expect(checks.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(verified).toBe(true);
  return bundle;
}
