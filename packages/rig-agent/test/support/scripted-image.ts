import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { FakeAttempt } from "./fake-server.ts";

const execute = promisify(execFile);

const RUNNER = join(import.meta.dirname, "scripted-runner.mjs");
const inputs = createHash("sha256").update(process.version).update(readFileSync(RUNNER));

/** The image's name carries the hash of what it is made of: it is made once. */
export const SCRIPTED_IMAGE = `nebula/kernel-test:${inputs.digest("hex").slice(0, 12)}`;

/** A cell for the scripted runner: steps, each a name and an argument. */
export const cell = (...steps: readonly (readonly [string, unknown?])[]): string => JSON.stringify(steps);

type AnyFrame = Record<string, unknown>;

/** The frames of one type that the server has, in order; every frame for "". */
export function framesOf(attempt: FakeAttempt, type: string): AnyFrame[] {
  const lines = attempt.streams.events.toString().split("\n").filter(Boolean);
  const frames = lines.map((line) => JSON.parse(line) as AnyFrame);
  return frames.filter((frame) => type === "" || frame["t"] === type);
}

/** Why tests with containers cannot run here; null when they can. */
export async function dockerMissing(): Promise<string | null> {
  try {
    await execute("docker", ["version", "--format", "{{.Server.Version}}"]);
    return null;
  } catch {
    return "Docker does not answer here";
  }
}

async function librariesOf(binary: string): Promise<string[]> {
  const { stdout } = await execute("ldd", [binary]);
  return [...stdout.matchAll(/(\/\S+)/g)].map(([path]) => path);
}

/** An image of this very node and the scripted runner: made in seconds, from nothing but this machine. */
export async function makeScriptedImage(): Promise<void> {
  const { stdout } = await execute("docker", ["images", "-q", SCRIPTED_IMAGE]);
  if (stdout.trim() !== "") return;
  const root = await mkdtemp(join(tmpdir(), "nebula-image-"));
  try {
    for (const path of await librariesOf(process.execPath)) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await cp(path, join(root, path), { dereference: true });
    }
    await mkdir(join(root, "tmp"));
    await cp(process.execPath, join(root, "node"));
    await cp(RUNNER, join(root, "runner.mjs"));
    await importTree(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function importTree(root: string): Promise<void> {
  const tar = spawn("tar", ["-C", root, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
  const docker = spawn(
    "docker",
    ["import", "--change", 'ENTRYPOINT ["/node","/runner.mjs"]', "-", SCRIPTED_IMAGE],
    { stdio: ["pipe", "ignore", "inherit"] },
  );
  tar.stdout.pipe(docker.stdin);
  await new Promise<void>((resolve, reject) => {
    docker.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`docker import ended with ${String(code)}`)),
    );
  });
}
