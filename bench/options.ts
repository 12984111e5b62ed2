/** What a bench is told. `only`: one metric; `n`: how many samples, where the bench does not need more. */
export interface BenchOptions {
  readonly only: string | null;
  readonly n: number | null;
  readonly log: (line: string) => void;
}
