import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];
// One Ctrl-C arrives several times: from the terminal, and again from npm, which forwards its own.
const SAME_PRESS_MS = 500;
const GROUP_GRACE_MS = 10_000;

/** The arguments with which the pinned Node runs a source file of this repository. */
export function nodeArguments(file, args) {
  return [
    "--conditions=@nebula/source",
    "--disable-warning=ExperimentalWarning",
    `--import=${new URL("stop-with-parent.mjs", import.meta.url).href}`,
    file,
    ...args,
  ];
}

function forwardSignals(child) {
  const lastMs = new Map();
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      const nowMs = performance.now();
      const isRepeat = nowMs - (lastMs.get(signal) ?? -Infinity) < SAME_PRESS_MS;
      lastMs.set(signal, nowMs);
      if (!isRepeat) child.kill(signal);
    });
  }
}

function signalGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    return false;
  }
}

/** Whether a group has a process that runs; a zombie, which nobody may be there to reap, does not count. */
function isGroupAlive(leader) {
  if (!signalGroup(leader, 0)) return false;
  if (process.platform !== "linux") return true;
  return readdirSync("/proc").some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const [state, , group] = statOf(entry);
    return Number(group) === leader && state !== "Z";
  });
}

/** State, parent and group of a process; nothing when it is gone. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Ends what the child left running in its process group: asked at first, forced after the grace. */
async function sweepGroup(leader) {
  if (!isGroupAlive(leader)) return;
  signalGroup(leader, "SIGTERM");
  const deadlineMs = performance.now() + GROUP_GRACE_MS;
  while (isGroupAlive(leader) && performance.now() < deadlineMs) await delay(50);
  signalGroup(leader, "SIGKILL");
}

/**
 * Runs a source file to its end and gives its exit code; 128 + n when signal n ended it.
 * The child leads a process group of its own, so that a signal of the terminal reaches it once, from here, and
 * so that nothing of it outlives it.
 */
export async function runChild(file, args) {
  const node = join(ROOT, "node_modules", ".bin", "node");
  const child = spawn(node, nodeArguments(file, args), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    detached: true,
  });
  forwardSignals(child);
  process.on("exit", () => signalGroup(child.pid, "SIGKILL"));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (...ending) => resolve(ending));
  });
  await sweepGroup(child.pid);
  return code ?? 128 + constants.signals[signal];
}
