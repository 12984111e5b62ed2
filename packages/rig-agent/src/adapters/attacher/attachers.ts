import { spawn } from "node:child_process";
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

async function spawnAttacher(folder: string): Promise<void> {
  const log = openSync(join(folder, ATTEMPT_FILES.log), "a", 0o600);
  try {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ENTRY], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", log],
      env: {},
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) =>
        reject(
          new Bug(
            "INTERNAL",
            `The attacher ended at once with ${String(code)}; see ${ATTEMPT_FILES.log} in ${folder}`,
          ),
        ),
      );
      child.stdout?.once("data", () => resolve());
    });
    child.stdout?.destroy();
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** Attachers as processes of their own, each reached over a socket in its attempt's folder. */
export const processAttachers: Attachers = {
  async launch(folder, onNotice) {
    await spawnAttacher(folder);
    return linkOf(await dial(folder), onNotice);
  },

  async reach(folder, waitMs, onNotice) {
    for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
      try {
        return linkOf(await dial(folder), onNotice);
      } catch {
        if (waitedMs >= waitMs) return null;
        await delay(RETRY_MS);
      }
    }
  },
};
