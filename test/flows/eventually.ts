import { setTimeout as pause } from "node:timers/promises";

const EVERY_MS = 50;

/** Looks again and again until what is looked at no longer throws, and gives it. Throws the last error after `limitMs`. */
export async function eventually<Value>(look: () => Promise<Value>, limitMs = 20_000): Promise<Value> {
  const end = performance.now() + limitMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(EVERY_MS);
    }
  }
}
