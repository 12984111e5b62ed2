// A runner for tests: it speaks the frames of the real one, and its cell is a JSON list of steps.
import { createInterface } from "node:readline";
import { once } from "node:events";

let seq = 0;
const size = (text) => Buffer.byteLength(text);
async function frame(t, n, fields) {
  const line = JSON.stringify({ t, n, ...fields }) + "\n";
  if (!process.stdout.write(line)) await once(process.stdout, "drain");
}
const print = (text) => frame("stream", size(text), { cell: "c1", content: { name: "stdout", text } });
function leave(code) {
  process.reallyExit(code);
}
async function finish(outcome, code) {
  await frame("result", 0, { outcome, usedMs: 1, artefacts: [], artefactsSkipped: [] });
  // The other side ends the input when it has read the result.
  while (!(await lines.next()).done);
  leave(code);
}

await frame("ready", 0, { kernel: "scripted", python: "none" });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const document = JSON.parse((await lines.next()).value);
let onInterrupt = () => finish("interrupted", 2);
process.on("SIGINT", () => onInterrupt());
process.on("SIGTERM", () => void finish("interrupted", 2));
await frame("status", 0, { state: "cell-started", cell: "c1" });

const steps = {
  print,
  env: (name) => print(`${name}=${process.env[name] ?? document.env[name] ?? ""}\n`),
  lines: async ({ count, everyMs = 0 }) => {
    for (let i = 0; i < count; i += 1) {
      await print(`line ${++seq}\n`);
      if (everyMs) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  },
  bytes: async (total) => {
    for (let left = total; left > 0; left -= 32_768) await print("x".repeat(Math.min(left, 32_768)));
  },
  raw: async (text) => void process.stdout.write(text),
  stderr: async (text) => void process.stderr.write(text),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  spin: () => new Promise(() => setInterval(() => {}, 1000)),
  stubborn: async () => {
    onInterrupt = () => print("no\n");
    process.removeAllListeners("SIGTERM");
    process.on("SIGTERM", () => print("never\n"));
  },
  input: async () => print(`got ${JSON.parse((await lines.next()).value).value}\n`),
  eat: async () => {
    const kept = [];
    for (;;) kept.push(Buffer.alloc(16 * 1024 * 1024, 1));
  },
  exit: async (code) => leave(code),
  fail: async () => {
    await frame("error", 5, { cell: "c1", content: { ename: "E", evalue: "v", traceback: [] } });
    await finish("error", 1);
  },
};
for (const [step, argument] of JSON.parse(document.cells[0].source)) await steps[step](argument);
await finish("ok", 0);
