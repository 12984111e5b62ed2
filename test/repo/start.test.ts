import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { isInstalled } from "../../scripts/start/packages.mjs";
import { missingTools } from "../../scripts/start/tools.mjs";

const WRAPPER = join(import.meta.dirname, "../../scripts/with-setup.mjs");
const folder = mkdtempSync(join(tmpdir(), "start-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function start(source: string, ...args: string[]) {
  const file = join(folder, `${String(performance.now())}.ts`);
  writeFileSync(file, source);
  const child = spawn(process.execPath, [WRAPPER, file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  return { child, lines, reader };
}

/** Whether a process runs; one that ended and waits for a parent to notice does not. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return false;
  }
}

const STAYS = `
  let count: number = 0;
  const timer = setInterval(() => {}, 1000);
  process.on("SIGINT", () => { count += 1; setTimeout(() => { console.log("interrupts", count); clearInterval(timer); process.exitCode = 9; }, 600); });
  console.log(process.pid);
`;

test("arguments reach the program, and its exit code comes back", async () => {
  const { child, lines } = start(
    "console.log(process.argv.slice(2).join()); process.exitCode = 7;",
    "--a",
    "b c",
  );

  const [code] = (await once(child, "close")) as [number];

  expect(code).toBe(7);
  expect(lines).toEqual(["--a,b c"]);
});

test("one press of Ctrl-C that arrives twice reaches the program once, and is waited for", async () => {
  const { child, lines, reader } = start(STAYS);
  await once(reader, "line");

  child.kill("SIGINT");
  child.kill("SIGINT");
  const [code] = (await once(child, "close")) as [number];

  expect(lines[1]).toBe("interrupts 1");
  expect(code).toBe(9);
});

test("what the program left running is ended with it", async () => {
  const { child, lines } = start(`
    import { spawn } from "node:child_process";
    const left = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    left.unref();
    console.log(left.pid);
  `);

  await once(child, "exit");

  expect(isRunning(Number(lines[0]))).toBe(false);
});

test("the program stops when its starter is killed", async () => {
  const { child, lines, reader } = start(`${STAYS} process.on("exit", () => console.log("bye"));
    process.on("SIGTERM", () => process.exit());`);
  await once(reader, "line");

  child.kill("SIGKILL");
  await once(child, "close");

  expect(lines.at(-1)).toBe("bye");
});

test("a tool that is absent or too old is named with its remedy", () => {
  const versions: Record<string, string | undefined> = {
    node: "18.19.0",
    npm: undefined,
    git: "git version 2.39.5",
  };

  const missing = missingTools((name: string) => versions[name]);

  expect(missing).toHaveLength(2);
  expect(missing[0]).toMatch(/^node 20\.19 or newer is needed, found 18\.19\.0; install /);
  expect(missing[1]).toMatch(/^npm 10\.0 or newer is needed, found none; install /);
});

test.each([
  ["the same versions are installed", { "node_modules/a": { version: "1.0.0" } }, true],
  ["another version is installed", { "node_modules/a": { version: "0.9.0" } }, false],
  ["a package is missing", {}, false],
])("%s", (_, packages, expected) => {
  const lock = {
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a-darwin": { version: "1.0.0", optional: true },
      "node_modules/@nebula/b": { link: true },
    },
  };

  expect(isInstalled(lock, { packages })).toBe(expected);
});
