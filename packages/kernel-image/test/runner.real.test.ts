import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureImage } from "../src/index.ts";
import { errorsOf, resultOf, runContainer, textOf, whyNoContainers } from "./run-container.ts";

const missing = whyNoContainers();
if (missing !== undefined) process.stderr.write(`skipped, runner in a container: ${missing}\n`);

describe.skipIf(missing !== undefined)("the runner in a hardened container", () => {
  let tag = "";

  beforeAll(async () => {
    tag = (await ensureImage("minimal")).tag;
  }, 300_000);

  it("shows texts, displays and updates in their order", async () => {
    const run = await runContainer(tag, [
      `from IPython.display import HTML, Image, clear_output
print("one")
display(HTML("<b>two</b>"))
handle = display("three", display_id="k")
handle.update("four")
clear_output(wait=True)
print("five\\rsix")
display(Image(data=b"\\x89PNG\\r\\n\\x1a\\n" + bytes(100_000), format="png"))
7`,
    ]);

    const kinds = run.frames
      .filter((frame) => !["usage", "status", "ready", "result"].includes(frame.t))
      .map((frame) => frame.t);
    expect(kinds).toEqual([
      "stream",
      "display",
      "display",
      "update_display",
      "clear_output",
      "stream",
      "display",
      "display",
    ]);
    expect(textOf(run)).toBe("one\nfive\rsix\n");
    expect(resultOf(run)).toMatchObject({ outcome: "ok", cell: "c0" });
    expect(run.exitCode).toBe(0);
  });

  it("hands on 100 MB byte for byte", async () => {
    const hash = createHash("sha256");
    let bytes = 0;
    const source = `import hashlib, sys
digest, sent = hashlib.sha256(), 0
line = "žluťoučký kůň 😀 " + "x" * 80
for i in range(1_000_000):
    text = f"{i} {line}\\n"
    digest.update(text.encode()); sent += len(text.encode())
    sys.stdout.write(text)
print(digest.hexdigest(), sent, file=sys.stderr)`;

    const run = await runContainer(tag, [source], {
      onFrame: (frame) => {
        if (frame.t !== "stream" || frame.content.name !== "stdout") return;
        hash.update(frame.content.text);
        bytes += frame.n;
      },
    });

    expect(`${hash.digest("hex")} ${String(bytes)}\n`).toBe(textOf(run, "stderr"));
    expect(run.longestLine).toBeLessThanOrEqual(64 * 1024);
  });

  it("lets no program forge a frame or reach process 1", async () => {
    const run = await runContainer(tag, [
      `import ctypes, os, subprocess
forged = b'{"t":"result","n":0,"outcome":"ok"}\\n'
os.write(1, forged); os.write(2, forged)
subprocess.run(["sh", "-c", "echo '" + forged.decode().strip() + "'"])
for path, mode in [("/proc/1/fd/1", "wb"), ("/proc/1/fd/0", "rb"), ("/proc/1/mem", "rb"), ("/proc/1/environ", "rb")]:
    try:
        open(path, mode)
        print("OPENED", path)
    except OSError as error:
        print(error.strerror)
libc = ctypes.CDLL(None, use_errno=True)
print("ptrace", libc.ptrace(16, 1, 0, 0), os.strerror(ctypes.get_errno()))
os.kill(1, 9); os.kill(1, 19)
print(sorted(os.listdir("/proc/self/fd"))[:3])`,
    ]);

    expect(run.frames.filter((frame) => frame.t === "result")).toHaveLength(1);
    expect(textOf(run)).not.toContain("OPENED");
    expect(textOf(run)).toContain("ptrace -1 Operation not permitted");
    expect(textOf(run).match(/Permission denied/g)).toHaveLength(4);
    expect(run.exitCode).toBe(0);
  });

  it("tells that memory ran out, and names the limit", async () => {
    const run = await runContainer(
      tag,
      ["print('start')\nblock = bytearray(600 << 20)\nfor i in range(0, len(block), 4096): block[i] = 1"],
      {
        memory: "256m",
      },
    );

    expect(resultOf(run)).toMatchObject({ outcome: "kernel-died", reason: "memory" });
    expect(errorsOf(run)).toEqual([
      "MemoryLimitReached: The job used more memory than its limit of 256 MiB and was stopped.",
    ]);
    expect(textOf(run)).toBe("start\n");
    expect(run.exitCode).toBe(3);
  });

  it("survives a fork bomb and ends every process of it", async () => {
    const run = await runContainer(
      tag,
      ["import os, time\nprint('go')\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(1)"],
      {
        timeLimitMs: 3_000,
        memory: "4g",
      },
    );

    expect(["interrupted", "kernel-died"]).toContain(resultOf(run).outcome);
    expect(textOf(run)).toContain("go\n");
  });

  it("keeps writes inside the job's folders and takes only plain files home", async () => {
    const run = await runContainer(tag, [
      `import os
for path in ["/usr/x", "/etc/passwd", "/x", "/usr/local/lib/python3.11/dist-packages/nebula_kernel/run.py"]:
    try:
        open(path, "a")
        print("WROTE", path)
    except OSError as error:
        print(error.strerror)
open("/job/out/kept.txt", "w").write("kept")
os.symlink("/etc/shadow", "/job/out/link"); os.mkfifo("/job/out/fifo")
os.truncate(os.open("/job/out/sparse", os.O_CREAT | os.O_WRONLY), 10 << 40)
print(os.getcwd(), os.getuid(), os.environ["HOME"])`,
    ]);

    expect(textOf(run)).not.toContain("WROTE");
    expect(textOf(run)).toMatch(
      /^((Read-only file system|Permission denied)\n){4}\/job\/work 20000 \/job\n$/,
    );
    expect(resultOf(run).artefacts).toEqual([
      { path: "kept.txt", size: 4, sha256: createHash("sha256").update("kept").digest("hex") },
    ]);
    expect(
      resultOf(run)
        .artefactsSkipped.map((skipped) => skipped.path)
        .sort(),
    ).toEqual(["fifo", "link", "sparse"]);
  });

  it("interrupts on SIGINT, with process 1 as the target", async () => {
    const run = await runContainer(tag, ["import time\nprint('go')\ntime.sleep(60)", "print('never')"], {
      onFrame: (frame, signal) => {
        if (frame.t === "stream") signal("INT");
      },
    });

    expect(resultOf(run)).toMatchObject({ outcome: "interrupted", reason: "interrupt" });
    expect(textOf(run)).toBe("go\n");
    expect(run.exitCode).toBe(2);
  });

  it("hands in checkpoints again on SIGUSR1 and stops on SIGTERM", async () => {
    const source = `import nebula_kernel, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
def save(text):
    with open("/job/out/model", "w") as file: file.write(text)
save("first"); nebula_kernel.checkpoint("/job/out/model"); save("second")
print("saved")
while True: pass`;
    const run = await runContainer(tag, [source], {
      onFrame: (frame, signal) => {
        if (frame.t === "stream") signal("USR1");
        if (frame.t === "artefact" && frame.data === btoa("second")) signal("TERM");
      },
    });

    const sent = run.frames.flatMap((frame) => (frame.t === "artefact" ? [atob(frame.data)] : []));
    expect(sent).toEqual(["first", "second"]);
    expect(resultOf(run)).toMatchObject({
      outcome: "interrupted",
      reason: "stop",
      artefacts: [{ path: "model", size: 6 }],
    });
    expect(run.exitCode).toBe(2);
  });
});
