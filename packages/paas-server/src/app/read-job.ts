import { type JobJson, NotFound, priceOf, unitsOf } from "@nebula/protocol";
import { queueOf } from "./queue-of.ts";
import type { Sql } from "./ports.ts";

interface JobRow {
  id: string;
  account: string;
  allocation: string;
  state: JobJson["state"];
  title: string;
  class: string;
  image: string;
  cell_ids: string[];
  spec_hash: string;
  attempt_no: number;
  submitted_at: bigint;
  started_at: bigint | null;
  ended_at: bigint | null;
  progress: JobJson["progress"];
  used_ms: bigint;
  speed_milli: number;
  unit_price: string;
  ceiling: bigint;
  held: bigint;
  price: bigint;
  refunded: bigint;
  failure: JobJson["failure"];
  receipt_hash: string | null;
  last_seq: number;
  payer: string;
  rig_id: string | null;
  rig_name: string | null;
  running_at: bigint | null;
  settlement_tx: string | null;
  artefacts: JobJson["artefacts"];
}

// why: the cells' source stays in the database; a view of a job needs only their ids
const JOB_VIEW = `
  select j.id, j.account, j.allocation, j.state, j.spec->>'title' as title, j.class, j.spec->>'image' as image,
    (select coalesce(jsonb_agg(cell->>'id' order by place), '[]') from jsonb_array_elements(j.spec->'cells') with ordinality as c(cell, place)) as cell_ids,
    j.spec_hash, j.attempt_no, j.submitted_at, j.started_at, j.ended_at, j.progress, j.used_ms, j.speed_milli,
    j.order_json->>'unitPrice' as unit_price, j.order_json->>'payer' as payer,
    j.ceiling, j.held, j.price, j.refunded, j.failure, j.receipt_hash, j.last_seq,
    a.rig as rig_id, r.name as rig_name, a.running_at, s.tx as settlement_tx,
    (select coalesce(jsonb_agg(jsonb_build_object('path', f.path, 'sizeBytes', f.size_bytes, 'sha256', f.sha256) order by f.path), '[]')
       from artefact f where f.attempt = a.id and f.complete) as artefacts
  from job j
  left join attempt a on a.job = j.id and a.no = j.attempt_no and a.state not in ('offered', 'lost')
  left join rig r on r.id = a.rig
  left join settlement s on s.job = j.id and s.state = 'confirmed'`;

const toNumber = (value: bigint | null): number | null => (value === null ? null : Number(value));

function meterOf(row: JobRow, nowMs: number | undefined): { usedMs: number; price: bigint } {
  if (row.state !== "running" || row.running_at === null || nowMs === undefined)
    return { usedMs: Number(row.used_ms), price: row.price };
  const usedMs = Math.max(0, nowMs - Number(row.running_at));
  const price = priceOf(unitsOf(usedMs, row.speed_milli), BigInt(row.unit_price));
  return { usedMs, price: price < row.ceiling ? price : row.ceiling };
}

function moneyOf(row: JobRow, price: bigint) {
  return {
    ceiling: row.ceiling.toString(),
    held: row.held.toString(),
    price: price.toString(),
    refunded: row.refunded.toString(),
  };
}

function viewOf(row: JobRow, queue: JobJson["queue"], nowMs: number | undefined): JobJson {
  const { usedMs, price } = meterOf(row, nowMs);
  return {
    id: row.id,
    state: row.state,
    title: row.title,
    class: row.class,
    image: row.image,
    cellIds: row.cell_ids,
    specHash: row.spec_hash,
    attemptNo: row.attempt_no,
    rig: row.rig_id === null || row.rig_name === null ? null : { id: row.rig_id, name: row.rig_name },
    submittedAtMs: Number(row.submitted_at),
    startedAtMs: toNumber(row.started_at),
    endedAtMs: toNumber(row.ended_at),
    queue,
    progress: row.progress,
    usedMs,
    ...moneyOf(row, price),
    failure: row.failure,
    artefacts: row.artefacts,
    receiptHash: row.receipt_hash,
    settlementTx: row.settlement_tx,
    lastSeq: row.last_seq,
    payer: row.payer,
    allocationId: row.allocation,
  };
}

function jobUnknown(jobId: string): NotFound {
  return new NotFound("JOB_UNKNOWN", `No job of yours has the id ${jobId}`);
}

/** A job as its owner sees it. With `nowMs`, time and cost of a running job are those of that moment. Throws `NotFound` (JOB_UNKNOWN). */
export async function readJob(sql: Sql, jobId: string, nowMs?: number): Promise<JobJson> {
  const [row] = await sql.query<JobRow>(`${JOB_VIEW} where j.id = $1`, [jobId]);
  if (row === undefined) throw jobUnknown(jobId);
  return viewOf(row, row.state === "queued" ? await queueOf(sql, jobId) : null, nowMs);
}

/** The same, for the account that owns the job; for any other the job does not exist. */
export async function readOwnJob(
  sql: Sql,
  of: { readonly jobId: string; readonly accountId: string; readonly nowMs?: number },
): Promise<JobJson> {
  const [row] = await sql.query<JobRow>(`${JOB_VIEW} where j.id = $1 and j.account = $2`, [
    of.jobId,
    of.accountId,
  ]);
  if (row === undefined) throw jobUnknown(of.jobId);
  return viewOf(row, row.state === "queued" ? await queueOf(sql, of.jobId) : null, of.nowMs);
}

export interface JobPage {
  readonly accountId: string;
  /** Id of the last job of the page before. */
  readonly before: string | null;
  readonly limit: number;
  readonly state: JobJson["state"] | null;
  readonly nowMs: number;
}

/** One page of an account's jobs, newest first. */
export async function readJobPage(sql: Sql, page: JobPage): Promise<readonly JobJson[]> {
  const rows = await sql.query<JobRow>(
    `${JOB_VIEW} where j.account = $1 and ($2::text is null or j.id < $2) and ($3::text is null or j.state = $3) order by j.id desc limit $4`,
    [page.accountId, page.before, page.state, page.limit],
  );
  const views: JobJson[] = [];
  for (const row of rows)
    views.push(viewOf(row, row.state === "queued" ? await queueOf(sql, row.id) : null, page.nowMs));
  return views;
}
