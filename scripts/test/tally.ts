/** A test that did not run, and why. */
export interface Skip {
  readonly name: string;
  readonly reason: string;
}

/** How the tests of one runner ended. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skip[];
}

/** A runner that broke before it could report: one failure. */
export const BROKEN: Tally = { passed: 0, failed: 1, skipped: [] };

export function sumOf(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  };
}

/** A tally never hides a runner's bad end: a code other than 0 without a failed test counts as one. */
export function withExitCode(tally: Tally | undefined, code: number): Tally {
  if (tally === undefined) return BROKEN;
  if (code === 0 || tally.failed > 0) return tally;
  return { ...tally, failed: 1 };
}

/** The one line that ends the tests. */
export function summaryLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}

/** Reads the last `N passed, N failed, N skipped` of a runner's output; nothing when there is none. */
export function parseSummary(output: string): Tally | undefined {
  const match = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
  if (match === undefined) return undefined;
  const reasons = [...output.matchAll(/^\s*skipped (.+?): (.+)$/gm)].map(([, name = "", reason = ""]) => ({
    name,
    reason,
  }));
  const unnamed = { name: "a test", reason: "see the output above" };
  const skipped = Array.from({ length: Number(match[3]) }, (_, index) => reasons[index] ?? unnamed);
  return { passed: Number(match[1]), failed: Number(match[2]), skipped };
}
