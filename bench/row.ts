/** One measured figure, as it is printed and kept. Times in the unit that the metric's name ends with. */
export interface Row {
  readonly metric: string;
  readonly unit: string;
  readonly median: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly n: number;
  readonly baseline: string | null;
  readonly baselineMedian: number | null;
  /** median / baselineMedian for times; for throughputs too, so that above 1 is faster. */
  readonly ratio: number | null;
  readonly target: string;
  readonly met: boolean | null;
  readonly skipped?: string;
}

/** What a row is held against: a bound on the median, on the ratio, or on a percentile. All of them must hold. */
export interface Target {
  readonly text: string;
  readonly medianMax?: number;
  readonly p95Max?: number;
  readonly ratioMax?: number;
  readonly ratioMin?: number;
}

export interface Measured {
  readonly metric: string;
  readonly unit: string;
  readonly samples: readonly number[];
  readonly baseline?: { readonly name: string; readonly samples: readonly number[] };
  readonly target: Target;
}

/** The value below which `share` (0–1) of the samples lie, by the nearest rank; null without samples. */
export function quantile(samples: readonly number[], share: number): number | null {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? null;
}

/** The middle sample, or the mean of the two in the middle; null without samples. */
export function median(samples: readonly number[]): number | null {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

const round = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(4)));

function isMet(
  target: Target,
  found: { median: number | null; p95: number | null; ratio: number | null },
): boolean {
  const bounds: [number | undefined, number | null, 1 | -1][] = [
    [target.medianMax, found.median, 1],
    [target.p95Max, found.p95, 1],
    [target.ratioMax, found.ratio, 1],
    [target.ratioMin, found.ratio, -1],
  ];
  return bounds.every(
    ([bound, value, sign]) => bound === undefined || (value !== null && value * sign <= bound * sign),
  );
}

/** The row of a measurement; `met` is computed from the samples. A p95 is claimed from 100 samples on, a p99 likewise. */
export function rowOf({ metric, unit, samples, baseline, target }: Measured): Row {
  const middle = median(samples);
  const baselineMedian = baseline === undefined ? null : median(baseline.samples);
  const ratio =
    middle === null || baselineMedian === null || baselineMedian === 0 ? null : middle / baselineMedian;
  const isMany = samples.length >= 100;
  const p95 = quantile(samples, 0.95);
  return {
    metric,
    unit,
    median: round(middle),
    p95: isMany ? round(p95) : null,
    p99: isMany ? round(quantile(samples, 0.99)) : null,
    min: round(quantile(samples, 0)),
    max: round(quantile(samples, 1)),
    n: samples.length,
    baseline: baseline?.name ?? null,
    baselineMedian: round(baselineMedian),
    ratio: round(ratio),
    target: target.text,
    met: isMet(target, { median: middle, p95, ratio }),
  };
}

/** A row that could not be measured, with the reason. It counts neither as met nor as missed. */
export function skippedRow(
  metric: string,
  unit: string,
  why: { readonly target: string; readonly reason: string },
): Row {
  const empty = {
    median: null,
    p95: null,
    p99: null,
    min: null,
    max: null,
    n: 0,
    baseline: null,
    baselineMedian: null,
    ratio: null,
  };
  return { metric, unit, ...empty, target: why.target, met: null, skipped: why.reason };
}
