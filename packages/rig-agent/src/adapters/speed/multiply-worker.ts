import { parentPort } from "node:worker_threads";

/*
 * Single-precision matrix multiplication on one core, as plain JavaScript does it. What it reaches is a floor for the machine: tuned
 * libraries and GPUs are faster, never slower.
 */

const SIZE = 256;
const LEAST_MS = 800;

function multiply(a: Float32Array, b: Float32Array, c: Float32Array): void {
  c.fill(0);
  for (let row = 0; row < SIZE; row += 1) {
    for (let k = 0; k < SIZE; k += 1) {
      const factor = a[row * SIZE + k] ?? 0;
      const from = k * SIZE;
      const to = row * SIZE;
      for (let column = 0; column < SIZE; column += 1)
        c[to + column] = (c[to + column] ?? 0) + factor * (b[from + column] ?? 0);
    }
  }
}

const a = Float32Array.from({ length: SIZE * SIZE }, (_, index) => (index % 7) / 7);
const b = Float32Array.from({ length: SIZE * SIZE }, (_, index) => (index % 5) / 5);
const c = new Float32Array(SIZE * SIZE);
multiply(a, b, c);

const startMs = performance.now();
let rounds = 0;
let elapsedMs = 0;
while (elapsedMs < LEAST_MS) {
  multiply(a, b, c);
  rounds += 1;
  elapsedMs = performance.now() - startMs;
}
parentPort?.postMessage((2 * SIZE ** 3 * rounds) / (elapsedMs * 1e6));
