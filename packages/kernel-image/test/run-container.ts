import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { type Frame, frameSchema, type JobDocument } from "@nebula/protocol";

const HARDENED = [
  ...["--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  ...["--pids-limit", "512", "--cpus", "1", "--user", "20000:20000"],
  ...["--tmpfs", "/tmp", "--tmpfs", "/job:mode=1777"],
];

export interface Run {
  readonly exitCode: number | null;
  readonly frames: readonly Frame[];
  readonly stderr: string;
  /** Most bytes that any line of stdout had. */
  readonly longestLine: number;
}

export interface RunOptions {
  readonly memory?: string;
  readonly timeLimitMs?: number;
  /** Called for each frame; may send a signal to the runner. */
  readonly onFrame?: (frame: Frame, signal: (name: string) => void) => void;
}

type CellInput = string | JobDocument["cells"][number];

/** Runs cells in a fresh container under the options with which rigs run them. Every frame is checked against its schema. */
export async function runContainer(
  tag: string,
  cells: readonly CellInput[],
  options: RunOptions = {},
): Promise<Run> {
  const name = `nebula-test-${randomBytes(6).toString("hex")}`;
  const memory = options.memory ?? "2g";
  const args = [
    "run",
    "--rm",
    "--name",
    name,
    ...HARDENED,
    "--memory",
    memory,
    "--memory-swap",
    memory,
    "-i",
    tag,
  ];
  const child = spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"] });
  const signal = (kind: string) => void spawnSync("docker", ["kill", "--signal", kind, name]);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.write(`${JSON.stringify(documentOf(cells, options.timeLimitMs ?? 90_000))}\n`);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const frames: Frame[] = [];
  let longestLine = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    longestLine = Math.max(longestLine, Buffer.byteLength(line) + 1);
    const frame = frameSchema.parse(JSON.parse(line));
    frames.push(frame);
    options.onFrame?.(frame, signal);
    if (frame.t === "result") child.stdin.end(); // as a rig's attacher does once it has everything
  }
  return { exitCode: await closed, frames, stderr, longestLine };
}

function documentOf(cells: readonly CellInput[], timeLimitMs: number): JobDocument {
  const full = cells.map((cell, index) =>
    typeof cell === "string"
      ? { id: `c${String(index)}`, source: cell, tags: [], role: "run" as const }
      : cell,
  );
  return { v: 1, attempt: "att_test", cells: full, timeLimitMs, secrets: [], env: {} };
}

/** All text of one stream. */
export function textOf(run: Run, name: "stdout" | "stderr" = "stdout"): string {
  return run.frames
    .map((frame) => (frame.t === "stream" && frame.content.name === name ? frame.content.text : ""))
    .join("");
}

/** The last frame, which must be the result. */
export function resultOf(run: Run): Extract<Frame, { t: "result" }> {
  const last = run.frames.at(-1);
  if (last?.t !== "result")
    throw new Error(`the last frame is ${last?.t ?? "missing"}; stderr: ${run.stderr}`);
  return last;
}

/** Errors shown, by name and text. */
export function errorsOf(run: Run): readonly string[] {
  return run.frames.flatMap((frame) =>
    frame.t === "error" ? [`${frame.content.ename}: ${frame.content.evalue}`] : [],
  );
}

/** Why containers cannot be run here; undefined where they can. */
export function whyNoContainers(): string | undefined {
  const answer = spawnSync("docker", ["version", "--format", "{{.Server.Version}}"]);
  if (answer.status !== 0) return "no Docker Engine answers";
  return process.getuid?.() === 0 ? undefined : "building an image needs root";
}
