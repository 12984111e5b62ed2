const LONGEST_S = 60;

/** Wait before the next try to connect, milliseconds: full jitter over min(60, 2ⁿ) s. `failures` ≥ 0; `random` in [0, 1). */
export function reconnectDelayMs(failures: number, random: number): number {
  const ceilingS = Math.min(LONGEST_S, 2 ** Math.min(failures, 10));
  return Math.floor(random * ceilingS * 1000);
}
