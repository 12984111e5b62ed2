import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runChecks } from "../check/run-checks.ts";
import { ROOT, runCommand } from "../run/run-command.ts";
import { parseJunit } from "./parse-junit.ts";
import { PYTHON_TOOLS, ensurePythonTools } from "./python-tools.ts";
import type { Tally } from "./tally.ts";
import { BROKEN, parseSummary, sumOf, withExitCode } from "./tally.ts";

/** One group of tests. `needsSetup` says that it runs against installed parts. */
export interface Stage {
  readonly name: string;
  readonly needsSetup: boolean;
  run(): Promise<Tally>;
}

const MINUTE_MS = 60_000;
const PASSED: Tally = { passed: 1, failed: 0, skipped: [] };
const NOTHING: Tally = { passed: 0, failed: 0, skipped: [] };
const isThere = (path: string) => existsSync(join(ROOT, path));

/** Reads a report once; a report of an earlier run is never taken for this one's. */
function takeReport(file: string): string | undefined {
  if (!isThere(file)) return undefined;
  const text = readFileSync(join(ROOT, file), "utf8");
  rmSync(join(ROOT, file));
  return text;
}

interface VitestRun {
  readonly projects: readonly string[];
  readonly files: readonly string[];
  readonly limitMs: number;
}

async function vitest({ projects, files, limitMs }: VitestRun): Promise<Tally> {
  if (globSync(files, { cwd: ROOT }).length === 0) return NOTHING;
  const report = `.nebula/test/${projects.join("-")}.json`;
  takeReport(report);
  const { code } = await runCommand(
    [
      "vitest",
      "run",
      ...projects.flatMap((project) => ["--project", project]),
      "--reporter=default",
      "--reporter=./scripts/test/vitest-tally.ts",
    ],
    { output: "show", limitMs, env: { NEBULA_TALLY: join(ROOT, report) } },
  );
  const text = takeReport(report);
  return withExitCode(text === undefined ? undefined : (JSON.parse(text) as Tally), code);
}

interface Missing {
  readonly name: string;
  readonly detail: string;
}

interface SetupModule {
  readonly runSetup: (options: { for: "tests" }) => Promise<{ readonly missing: readonly Missing[] }>;
}

/** The steps of `npm start`. What stays missing is a skip here, as it is in the tests that need it. */
async function setUpMachine(): Promise<Tally> {
  const devnetSetup = "infra/devnet/src/setup/index.ts";
  if (!isThere(devnetSetup)) return NOTHING;
  const { runSetup } = (await import(join(ROOT, devnetSetup))) as SetupModule;
  const { missing } = await runSetup({ for: "tests" });
  if (missing.length === 0) return PASSED;
  return {
    ...NOTHING,
    skipped: missing.map(({ name, detail }) => ({ name: `setup › ${name}`, reason: detail })),
  };
}

async function setUpPython(): Promise<Tally> {
  const missing = await ensurePythonTools();
  console.log(missing ?? "✔ Python tools");
  return missing === undefined ? PASSED : BROKEN;
}

async function setup(): Promise<Tally> {
  const machine = await setUpMachine().catch((error: unknown) => {
    console.log(error);
    return BROKEN;
  });
  return sumOf([machine, await setUpPython()]);
}

async function python(): Promise<Tally> {
  const tests = globSync("packages/*/test/python/test_*.py", { cwd: ROOT });
  if (tests.length === 0) return NOTHING;
  const report = ".nebula/test/python.xml";
  takeReport(report);
  const { code } = await runCommand(
    [`${PYTHON_TOOLS}/bin/python`, "-m", "pytest", "-q", "--color=no", `--junitxml=${report}`, ...tests],
    { output: "show", limitMs: 5 * MINUTE_MS, env: { PYTHONPATH: join(ROOT, "packages/kernel-image") } },
  );
  return withExitCode(parseJunit(takeReport(report) ?? ""), code);
}

async function contracts(): Promise<Tally> {
  const script = "packages/contracts/scripts/test.mjs";
  if (!isThere(script)) return NOTHING;
  const { code, output } = await runCommand(["node", script], { output: "show", limitMs: 5 * MINUTE_MS });
  return withExitCode(parseSummary(output), code);
}

/** All stages, the quick ones first. */
export const STAGES: readonly Stage[] = [
  { name: "setup", needsSetup: false, run: setup },
  { name: "check", needsSetup: false, run: runChecks },
  {
    name: "unit",
    needsSetup: false,
    run: () =>
      vitest({
        projects: ["unit", "lab"],
        files: ["packages/*/test/**/*.test.{ts,tsx}", "infra/*/test/**/*.test.ts", "test/repo/**/*.test.ts"],
        limitMs: 10 * MINUTE_MS,
      }),
  },
  { name: "python", needsSetup: true, run: python },
  { name: "contracts", needsSetup: false, run: contracts },
  {
    name: "real",
    needsSetup: true,
    run: () =>
      vitest({
        projects: ["real"],
        files: ["{packages,infra}/*/test/**/*.real.test.ts"],
        limitMs: 15 * MINUTE_MS,
      }),
  },
  {
    name: "flow",
    needsSetup: true,
    run: () => vitest({ projects: ["flow"], files: ["test/flows/**/*.test.ts"], limitMs: 15 * MINUTE_MS }),
  },
  {
    name: "browser",
    needsSetup: true,
    run: () =>
      vitest({ projects: ["browser"], files: ["test/browser/**/*.test.ts"], limitMs: 10 * MINUTE_MS }),
  },
];
