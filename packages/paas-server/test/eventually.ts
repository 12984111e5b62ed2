import { setTimeout as pause } from "node:timers/promises";

const EVERY_MS = 20;
const LIMIT_MS = 20_000;

/** Looks again and again until what is looked at no longer throws; then gives it. Throws the last error after 20 s. */
export async function eventually<Value>(look: () => Promise<Value>): Promise<Value> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(EVERY_MS);
    }
  }
}
