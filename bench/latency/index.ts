import { imageTag } from "@nebula/kernel-image";
import type { Client } from "@nebula/client";
import { demoClient, freePort, startCampus, type CampusHandle } from "@nebula/devnet";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { runSetup } from "../../infra/devnet/src/setup/index.ts";
import { rowOf, skippedRow, type Row } from "../row.ts";
import type { BenchOptions } from "../options.ts";
import { plainRun } from "./baseline.ts";
import { measureCancel } from "./cancel.ts";
import { oneCell, ourRun } from "./ours.ts";

const IMAGE = "coursework";
const BURST = 50;
const BURST_ROUNDS = 5;

/** A campus of its own, so that no other job disturbs the figures. */
async function benchCampus(log: (line: string) => void): Promise<CampusHandle> {
  const home = await mkdtemp("/var/tmp/nebula-bench-");
  await chmod(home, 0o755); // PostgreSQL runs as another user
  const ports = {
    server: await freePort(),
    issuer: await freePort(),
    chain: await freePort(),
    postgres: await freePort(),
    lab: await freePort(),
  };
  const step = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    log(`… ${name}`);
    return work();
  };
  const serverEnv = { NEBULA_QUEUED_PER_ACCOUNT: "200" };
  const campus = await startCampus({
    home: join(home, "campus"),
    ports,
    step,
    log,
    withLab: false,
    serverEnv,
  });
  return {
    ...campus,
    async [Symbol.asyncDispose]() {
      await campus[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

interface Bench {
  readonly client: Client;
  readonly tag: string;
  readonly campus: CampusHandle;
  readonly n: number;
  readonly log: (line: string) => void;
}

async function cold({ client, tag, n, log }: Bench): Promise<Row> {
  const [ours, plain]: [number[], number[]] = [[], []];
  for (let round = -1; round < n; round += 1) {
    const mine = await ourRun(client, oneCell(IMAGE, `print("round ${String(round)}")`));
    const theirs = await plainRun(tag, `print("round ${String(round)}")`);
    log(
      `cold ${String(round + 1)}/${String(n)}: ours ${mine.firstOutputMs.toFixed(0)} ms, docker run ${theirs.firstOutputMs.toFixed(0)} ms`,
    );
    if (round < 0) continue; // warm-up
    ours.push(mine.firstOutputMs);
    plain.push(theirs.firstOutputMs);
  }
  const baseline = { name: "docker run + ipykernel", samples: plain };
  return rowOf({
    metric: "cold_first_output_ms",
    unit: "ms",
    samples: ours,
    baseline,
    target: { text: "ratio ≤ 1.25", ratioMax: 1.25 },
  });
}

/** Jobs a second of `run`, `width` at a time. */
async function throughput(width: number, run: (index: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < BURST; index = next++) await run(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return (BURST * 1_000) / (performance.now() - start);
}

async function burst({ client, tag, campus, n, log }: Bench): Promise<Row> {
  await using ops = await demoClient(campus.serverUrl, "ops");
  const slots = (await ops.call("listRigs")).items.reduce((sum, rig) => sum + rig.slots, 0);
  const [ours, plain]: [number[], number[]] = [[], []];
  const rounds = Math.min(n, BURST_ROUNDS);
  for (let round = 1; round <= rounds; round += 1) {
    ours.push(await throughput(BURST, (index) => ourRun(client, oneCell(IMAGE, `print(${String(index)})`))));
    plain.push(await throughput(slots, (index) => plainRun(tag, `print(${String(index)})`)));
    const [mine = 0, theirs = 0] = [ours.at(-1), plain.at(-1)];
    log(
      `burst ${String(round)}/${String(rounds)}: ours ${mine.toFixed(2)}/s, docker run ${theirs.toFixed(2)}/s at ${String(slots)} at once`,
    );
  }
  const baseline = { name: `docker run, ${String(slots)} at once`, samples: plain };
  return rowOf({
    metric: "burst_50_jobs_per_s",
    unit: "jobs/s",
    samples: ours,
    baseline,
    target: { text: "ratio ≥ 1.0", ratioMin: 1 },
  });
}

/** From the hold (the job is funded) to the rig's acceptance, on the server's clock. */
async function pickup({ client, campus, n }: Bench): Promise<Row> {
  const jobs: string[] = [];
  for (let round = 0; round < n; round += 1)
    jobs.push((await ourRun(client, oneCell("coursework", `print(${String(round)})`))).job.id);
  const database = new pg.Client({ connectionString: campus.databaseUrl });
  await database.connect();
  try {
    const found = await database.query<{ ms: string }>(
      "select a.accepted_at - j.submitted_at as ms from attempt a join job j on j.id = a.job where j.id = any($1)",
      [jobs],
    );
    return rowOf({
      metric: "pickup_ms",
      unit: "ms",
      samples: found.rows.map(({ ms }) => Number(ms)),
      target: { text: "median ≤ 50", medianMax: 50 },
    });
  } finally {
    await database.end();
  }
}

const NO_WARM = "containers are not kept warm yet";
const MEASURES: Readonly<Record<string, (bench: Bench) => Promise<Row>>> = {
  warm_first_output_ms: () =>
    Promise.resolve(
      skippedRow("warm_first_output_ms", "ms", { target: "median ≤ 80, p95 ≤ 300", reason: NO_WARM }),
    ),
  cold_first_output_ms: cold,
  burst_50_jobs_per_s: burst,
  next_cell_ms: () =>
    Promise.resolve(skippedRow("next_cell_ms", "ms", { target: "median ≤ 48", reason: NO_WARM })),
  pickup_ms: pickup,
  cancel_s: (bench) => measureCancel(bench),
};

/** Times between a press and what a student sees. */
export async function measureLatency(options: BenchOptions): Promise<readonly Row[]> {
  const wanted = Object.keys(MEASURES).filter((metric) => options.only === null || metric === options.only);
  if (wanted.length === 0) throw new Error(`--only: expected one of ${Object.keys(MEASURES).join(", ")}`);
  await runSetup({ for: "start", log: options.log });
  await using campus = await benchCampus(options.log);
  await using client = await demoClient(campus.serverUrl, "ada");
  const bench: Bench = { client, tag: imageTag(IMAGE), campus, n: options.n ?? 10, log: options.log };
  const rows: Row[] = [];
  for (const metric of wanted) {
    const measure = MEASURES[metric];
    if (measure !== undefined) rows.push(await measure(bench));
  }
  return rows;
}
