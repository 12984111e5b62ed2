import { cpus, release, totalmem } from "node:os";
import type { Row } from "./row.ts";

/** What a bench gives with `--json`. */
export interface Report {
  readonly bench: string;
  /** RFC 3339, UTC. */
  readonly date: string;
  readonly machine: { readonly cpus: number; readonly memoryGiB: number; readonly kernel: string };
  readonly rows: readonly Row[];
}

/** A report of `rows`, measured now on this machine. */
export function reportOf(bench: string, rows: readonly Row[]): Report {
  const machine = { cpus: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release() };
  return { bench, date: new Date().toISOString(), machine, rows };
}

const show = (value: number | null): string => (value === null ? "–" : String(value));

/** The report as a table for a terminal. */
export function tableOf({ bench, machine, rows }: Report): string {
  const head = ["metric", "median", "min", "max", "n", "baseline", "ratio", "target", "met"];
  const body = rows.map((row) => [
    row.metric,
    show(row.median),
    show(row.min),
    show(row.max),
    String(row.n),
    row.baseline === null ? "–" : `${show(row.baselineMedian)} ${row.baseline}`,
    show(row.ratio),
    row.target,
    row.met === null ? `skipped: ${row.skipped ?? ""}` : row.met ? "yes" : "NO",
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((line) => line[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [
    `${bench} on ${String(machine.cpus)} CPUs, ${String(machine.memoryGiB)} GiB`,
    line(head),
    ...body.map(line),
  ].join("\n");
}
