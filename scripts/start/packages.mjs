import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOCK = join(ROOT, "package-lock.json");
const INSTALLED = join(ROOT, "node_modules/.package-lock.json");
const STAMP = join(ROOT, "node_modules/.nebula-lock");
const TURN = join(ROOT, ".nebula/npm-ci.pid");

/**
 * Whether everything the lock file demands is installed in the version it names. Packages for other platforms
 * are in the lock file and not on disk, so optional ones count only where they are installed.
 */
export function isInstalled(lock, installed) {
  return Object.entries(lock.packages).every(([path, { version, optional, link }]) => {
    const found = installed.packages[path];
    if (path === "" || link) return true;
    if (found === undefined) return optional === true;
    return found.version === version;
  });
}

const read = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

function isCurrent(lockText, digest) {
  if (read(STAMP) === digest) return true;
  const installed = read(INSTALLED);
  if (installed === undefined || !isInstalled(JSON.parse(lockText), JSON.parse(installed))) return false;
  writeFileSync(STAMP, digest);
  return true;
}

/** The machine's own tools, without the `node_modules/.bin` that npm puts in front and `npm ci` removes. */
function machinePath() {
  const own = join(ROOT, "node_modules", ".bin");
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => folder !== own).join(delimiter);
}

function runInstall() {
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const env = { ...process.env, PATH: machinePath() };
  return new Promise((resolve, reject) => {
    // Standard output belongs to the command that follows; npm's words go to standard error.
    const child = spawn("npm", args, { cwd: ROOT, env, stdio: ["ignore", 2, 2] });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ci ended with ${code}; see its message above, then run: npm ci`));
    });
  });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Waits until no other start of this clone installs; the file holds the process id of the one that does. */
async function takeTurn() {
  mkdirSync(join(ROOT, ".nebula"), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(TURN, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = Number(read(TURN) ?? 0);
    if (holder > 0 && !isAlive(holder)) rmSync(TURN, { force: true });
    else if (!waited) process.stderr.write(`… waiting for process ${holder}, which installs npm packages\n`);
    await delay(200);
  }
}

/** Installs the npm packages of the lock file unless they are there; says so on standard error with the time. */
export async function installPackages() {
  const lockText = readFileSync(LOCK, "utf8");
  const digest = createHash("sha256").update(lockText).digest("hex");
  if (isCurrent(lockText, digest)) return;

  await takeTurn();
  try {
    if (isCurrent(lockText, digest)) return;
    process.stderr.write("… installing npm packages (about a minute)\n");
    const startedMs = performance.now();
    await runInstall();
    writeFileSync(STAMP, digest);
    process.stderr.write(`✔ npm packages (${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`);
  } finally {
    rmSync(TURN, { force: true });
  }
}
