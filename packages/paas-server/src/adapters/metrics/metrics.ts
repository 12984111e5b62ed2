import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics, Sql } from "../../app/ports.ts";

interface Counts {
  state: string;
  count: bigint;
}

function databaseGauges(registry: Registry, sql: Sql): () => Promise<void> {
  const jobs = new Gauge({
    name: "nebula_jobs_live",
    help: "Jobs that wait or run",
    labelNames: ["state"],
    registers: [registry],
  });
  const outbox = new Gauge({
    name: "nebula_outbox_open",
    help: "Side work not yet done",
    labelNames: ["topic"],
    registers: [registry],
  });
  const rigs = new Gauge({
    name: "nebula_rigs",
    help: "Rigs by state",
    labelNames: ["state"],
    registers: [registry],
  });
  const fill = (gauge: Gauge, label: string, rows: readonly Counts[]) => {
    gauge.reset();
    for (const row of rows) gauge.set({ [label]: row.state }, Number(row.count));
  };
  return async () => {
    fill(
      jobs,
      "state",
      await sql.query<Counts>(
        "select state, count(*) as count from job where state in ('queued', 'running') group by state",
      ),
    );
    fill(
      outbox,
      "topic",
      await sql.query<Counts>(
        "select topic as state, count(*) as count from outbox where done_at is null group by topic",
      ),
    );
    fill(rigs, "state", await sql.query<Counts>("select state, count(*) as count from rig group by state"));
  };
}

/** A registry of its own, so that several servers in one process do not mix. */
export function createMetrics(sql: Sql): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "nebula_http_seconds",
    help: "Time to answer a request",
    labelNames: ["route", "method", "status"],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10],
    registers: [registry],
  });
  const outbox = new Counter({
    name: "nebula_outbox_total",
    help: "Side work tried",
    labelNames: ["topic", "result"],
    registers: [registry],
  });
  const refresh = databaseGauges(registry, sql);
  return {
    contentType: registry.contentType,
    countRequest: ({ route, method, status, seconds }) =>
      requests.observe({ route, method, status: String(status) }, seconds),
    countOutbox: (topic, result) => outbox.inc({ topic, result }),
    async text() {
      await refresh().catch(() => undefined); // figures of the process are worth having when the database is away
      return registry.metrics();
    },
  };
}
