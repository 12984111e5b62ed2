import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Bug } from "@nebula/protocol";
import type { Attachers, AttacherLink } from "../../app/ports.ts";
import { ATTEMPT_FILES, type AttacherNotice } from "../../attacher/records.ts";

type OnNotice = (notice: AttacherNotice) => void;

// From sources the attacher is a TypeScript file, after a build a JavaScript one: it ends as this module does.
const ENTRY = fileURLToPath(
  new URL(`../../attacher/main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);
const RETRY_MS = 50;

/** Connects to the attacher of a folder. The path goes through the folder's descriptor: socket paths are limited to 108 bytes. */
async function dial(folder: string): Promise<Socket> {
  const descriptor = openSync(folder, "r");
  const socket = connect(join("/proc/self/fd", String(descriptor), ATTEMPT_FILES.control));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return socket;
  } finally {
    closeSync(descriptor);
  }
}

function linkOf(socket: Socket, onNotice: OnNotice): AttacherLink {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onNotice(JSON.parse(line) as AttacherNotice); // Written by our own attacher.
  });
  socket.on("error", () => socket.destroy());
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return {
    send: (command) => void socket.write(`${JSON.stringify(command)}\n`),
    ended,
    close: () => socket.destroy(),
  };
}

function spawnIdle(): ChildProcess {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ENTRY], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
    env: {},
  });
  // What goes wrong is seen by whoever waits for its word.
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  return child;
}

/** Gives the idle attacher its folder and waits until it listens there. */
async function assign(child: ChildProcess, folder: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (): void =>
      reject(new Bug("INTERNAL", `The attacher ended at once; see ${ATTEMPT_FILES.log} in ${folder}`));
    if (child.exitCode !== null || child.pid === undefined) fail();
    child.once("exit", fail);
    child.stdout?.once("data", () => resolve());
    child.stdin?.end(`${folder}\n`);
  });
  child.stdout?.destroy();
}

/**
 * Attachers as processes of their own, each reached over a socket in its attempt's folder. One more stands by, idle, so that no job
 * waits for a process to load; it ends with the agent, since its standard input does.
 */
export class ProcessAttachers implements Attachers, Disposable {
  #spare: ChildProcess | null = spawnIdle();

  async launch(folder: string, onNotice: OnNotice): Promise<AttacherLink> {
    const child = this.#spare?.exitCode === null ? this.#spare : spawnIdle();
    this.#spare = null;
    await assign(child, folder);
    // The next is loaded when this run's container has started, which needs the processor more.
    return linkOf(await dial(folder), (notice) => {
      if (notice.t !== "progress" || notice.phase !== "preparing") this.#spare ??= spawnIdle();
      onNotice(notice);
    });
  }

  async reach(folder: string, waitMs: number, onNotice: OnNotice): Promise<AttacherLink | null> {
    for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
      try {
        return linkOf(await dial(folder), onNotice);
      } catch {
        if (waitedMs >= waitMs) return null;
        await delay(RETRY_MS);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#spare?.stdin?.end();
    this.#spare?.stdout?.destroy();
    this.#spare = null;
  }
}
