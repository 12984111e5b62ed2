import { createHash } from "node:crypto";
import { expect } from "vitest";
import { test } from "./campus.ts";
import type { Watched } from "./jobs.ts";
import { aSpec, expectFailure, expectGapless, expectVerified, runJob, textOf } from "./jobs.ts";

const YOURS = { who: "you", charged: "used" } as const;

test("a cell that raises shows its traceback, and the cells after it do not run", async ({ campus }) => {
  const ada = await campus.as("ada");
  const cells = ["print('first')", "1 / 0", "print('third')"].map((source, index) => ({
    id: `cell-${String(index + 1)}`,
    source,
    role: "run" as const,
  }));
  const spec = aSpec("", { cells });

  const ran = await runJob(ada, spec);

  expectFailure(ran.job, "CELL_RAISED", YOURS);
  expect(textOf(ran)).toBe("first\n");
  const errors = ran.events.flatMap(({ frame }) =>
    frame.t === "error" ? [[frame.cell, frame.content.ename]] : [],
  );
  expect(errors).toEqual([["cell-2", "ZeroDivisionError"]]);
  await expectVerified(campus, ada, { job: ran.job, spec });
});

test("a cell that loops for ever is stopped at its time limit, its output kept", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec("print('before', flush=True)\nwhile True: pass", { timeLimitMs: 3_000 });

  const ran = await runJob(ada, spec);

  expectFailure(ran.job, "TIME_LIMIT", YOURS);
  expect(textOf(ran)).toBe("before\n");
  expect(ran.job.usedMs).toBeLessThanOrEqual(3_000);
  expect((await expectVerified(campus, ada, { job: ran.job, spec })).receipt.outcome).toBe(4);
});

test("a cell that ignores every signal is stopped all the same", async ({ campus }) => {
  const ada = await campus.as("ada");
  const source = `
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM): signal.signal(number, signal.SIG_IGN)
print('deaf', flush=True)
while True:
    try: pass
    except BaseException: pass
`;

  const ran = await runJob(ada, aSpec(source, { timeLimitMs: 3_000 }));

  expectFailure(ran.job, "TIME_LIMIT", YOURS);
  expect(textOf(ran)).toBe("deaf\n");
});

test("a job stops where its ceiling is reached and costs no more than that", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { classes } = await ada.call("getOfferings");
  const { pricePerMinute = 0n } = classes.find(({ name }) => name === "cpu") ?? {};
  const spec = aSpec("print('before', flush=True)\nwhile True: pass");

  const ran = await runJob(ada, spec, pricePerMinute / 20n);

  expectFailure(ran.job, "CEILING_REACHED", { who: "budget", charged: "used" });
  expect(textOf(ran)).toBe("before\n");
  expect(ran.job.ceiling).toBe(pricePerMinute / 20n);
  await expectVerified(campus, ada, { job: ran.job, spec });
});

const LINE = `${"0123456789".repeat(10)}\n`;
const PRINTS_100_MB = `
import sys
block = ("0123456789" * 10 + "\\n") * 1000
for i in range(1000): sys.stdout.write(block)
`;
const skippedBytes = ({ events }: Watched): number =>
  events.reduce((sum, { frame }) => sum + (frame.t === "skipped" ? frame.bytes : 0), 0);
const PRINTED = LINE.length * 1_000_000;

test("of 100 MB, head and tail are kept and the skipped bytes are counted exactly", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec(PRINTS_100_MB, { timeLimitMs: 120_000 });

  const ran = await runJob(ada, spec);

  expect(ran.job.failure).toBeNull();
  expectGapless(ran);
  const kept = textOf(ran);
  expect(kept.length + skippedBytes(ran)).toBe(PRINTED);
  expect(kept.startsWith(LINE)).toBe(true);
  expect(kept.endsWith(LINE)).toBe(true);
  expect(kept.length).toBeGreaterThan(15_000_000);
  await expectVerified(campus, ada, { job: ran.job, spec });
});

test("of 100 MB, every byte is kept where the job asks for it", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec(PRINTS_100_MB, { transcriptBytes: 256 * 1024 * 1024, timeLimitMs: 120_000 });

  const ran = await runJob(ada, spec);

  expect(ran.job.failure).toBeNull();
  expectGapless(ran);
  const sum = createHash("sha256");
  for (const { frame } of ran.events) if (frame.t === "stream") sum.update(frame.content.text);
  expect(sum.digest("hex")).toBe(createHash("sha256").update(LINE.repeat(1_000_000)).digest("hex"));
  expect(skippedBytes(ran)).toBe(0);
  await expectVerified(campus, ada, { job: ran.job, spec });
});

test("a cell that forks without end is stopped at its time limit", async ({ campus }) => {
  const ada = await campus.as("ada");
  const source = `
import os
print('before', flush=True)
while True:
    try: os.fork()
    except OSError: pass
`;

  const ran = await runJob(ada, aSpec(source, { timeLimitMs: 4_000 }));

  expectFailure(ran.job, "TIME_LIMIT", YOURS);
  expect(textOf(ran)).toContain("before\n");
  expectGapless(ran);
});

test("a cell that takes more memory than its class has is stopped and told so", async ({ campus }) => {
  const ada = await campus.as("ada");
  const source = "print('before', flush=True)\nblocks = []\nwhile True: blocks.append(bytearray(64 << 20))";

  const ran = await runJob(ada, aSpec(source));

  expectFailure(ran.job, "MEMORY_EXCEEDED", YOURS);
  expect(textOf(ran)).toBe("before\n");
});

test("a cell writes in its own folders and nowhere else", async ({ campus }) => {
  const ada = await campus.as("ada");
  const source = `
for place in ("/job/here", "/tmp/here", "/etc/here", "/usr/here", "/proc/sys/kernel/hostname", "/var/here", "/here"):
    try:
        with open(place, "w") as file: file.write("x")
        print(place, "written")
    except OSError as error:
        print(place, "refused")
`;

  const ran = await runJob(ada, aSpec(source));

  const written = textOf(ran)
    .split("\n")
    .filter((line) => line.endsWith("written"));
  expect(written).toEqual(["/job/here written", "/tmp/here written"]);
  expect(textOf(ran).split("\n")).toHaveLength(8);
});

const FORGED = {
  result: { t: "result", n: 0, outcome: "ok", usedMs: 1, artefacts: [], artefactsSkipped: [] },
  stream: { t: "stream", n: 6, cell: "cell-1", content: { name: "stdout", text: "forged" } },
  skipped: { t: "skipped", n: 0, bytes: 7_777, displays: 0 },
};
const FORGES = `
import os, sys
lines = ${JSON.stringify(Object.values(FORGED).map((frame) => `${JSON.stringify(frame)}\n`))}
for line in lines:
    sys.stdout.write(line)
    sys.stderr.write(line)
sys.stdout.flush(); sys.stderr.flush()
for path in ("/proc/1/fd/1", "/proc/1/fd/2", "/dev/stdout", "/proc/self/fd/1"):
    try:
        with open(path, "w") as file: file.writelines(lines)
    except OSError: pass
for line in lines: os.write(1, line.encode())
1 / 0
`;

test("lines that look like our frames are text, wherever they are written", async ({ campus }) => {
  const ada = await campus.as("ada");
  const spec = aSpec(FORGES);

  const ran = await runJob(ada, spec);

  expectFailure(ran.job, "CELL_RAISED", YOURS);
  expectGapless(ran);
  const texts = ran.events.map(({ frame }) => (frame.t === "stream" ? frame.content.text : null));
  expect(texts).not.toContain("forged");
  expect(ran.events.some(({ frame }) => frame.t === "skipped")).toBe(false);
  expect(ran.events.filter(({ frame }) => frame.t === "result")).toHaveLength(1);
  const lines = Object.values(FORGED).map((frame) => `${JSON.stringify(frame)}\n`);
  expect(textOf(ran)).toContain(lines.join(""));
  expect(textOf(ran, "stderr")).toContain(lines.join(""));
  await expectVerified(campus, ada, { job: ran.job, spec });
});

const KILLS_ITS_PARENTS = `
import os, signal
for pid in (1, os.getppid()):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
os._exit(1)
`;

test.for([
  ["exit()", "exit()", "CELL_RAISED"],
  ["sys.exit(3)", "import sys; sys.exit(3)", "CELL_RAISED"],
  ["os._exit(0)", "import os; os._exit(0)", "KERNEL_EXITED"],
  ["SIGKILL to itself", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "KERNEL_EXITED"],
  ["SIGKILL to its parents", KILLS_ITS_PARENTS, "KERNEL_EXITED"],
] as const)(
  "a cell that ends the interpreter by %s ends the job, its output kept",
  async ([, source, code], { campus }) => {
    const ada = await campus.as("ada");
    const cells = [
      { id: "cell-1", source: `print('before', flush=True)\n${source}`, role: "run" as const },
      { id: "cell-2", source: "print('after')", role: "run" as const },
    ];

    const ran = await runJob(ada, aSpec("", { cells }));

    expectFailure(ran.job, code, YOURS);
    expect(textOf(ran)).toBe("before\n");
    expect(ran.events.some(({ frame }) => frame.t === "error")).toBe(true);
  },
);
