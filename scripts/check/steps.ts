import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { PYTHON_TOOLS } from "../test/python-tools.ts";
import { ROOT } from "../run/run-command.ts";

/** One thing that is checked, by one command that ends with 0 when all is well. */
export interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** What the output must hold, beside the exit code. */
  readonly expected?: RegExp;
  /** Why it cannot run here; absent when it can. */
  readonly skipped?: string;
}

const isThere = (path: string) => existsSync(join(ROOT, path));
const source = (file: string, ...args: string[]): [string, ...string[]] => [
  "node",
  "--conditions=@nebula/source",
  "--disable-warning=ExperimentalWarning",
  file,
  ...args,
];

/** Every package with TypeScript in it, and the root for what belongs to none. */
function typeSteps(): Step[] {
  const folders = globSync(["packages/*/tsconfig.json", "infra/*/tsconfig.json"], { cwd: ROOT })
    .map((file) => file.replace("/tsconfig.json", ""))
    .filter((folder) => globSync(`${folder}/{src,test,scripts}/**/*.{ts,tsx}`, { cwd: ROOT }).length > 0);
  return [...folders.sort(), "."].map((folder) => ({
    name: `types ${folder === "." ? "of scripts and tests" : folder}`,
    command: ["tsc", "-p", folder, "--noEmit"],
  }));
}

/** Files that a script writes and that are committed; the script reports when they differ. */
function generatedSteps(): Step[] {
  const generators = {
    "generated vectors": "packages/protocol/scripts/generate-vectors.ts",
    "generated ABIs": "packages/contracts/scripts/generate-abi.ts",
  };
  return Object.entries(generators)
    .filter(([, script]) => isThere(script))
    .map(([name, script]) => ({ name, command: source(script, "--check") }));
}

/** Python tools come from the environment that the Python tests use. */
function pythonSteps(): Step[] {
  const tools = `${PYTHON_TOOLS}/bin`;
  const runner = "packages/kernel-image";
  const steps: Step[] = [
    { name: "python lint", command: [join(tools, "ruff"), "check", runner] },
    {
      name: "python types",
      command: ["pyright", "--project", runner, "--pythonpath", join(tools, "python")],
    },
  ];
  if (globSync(`${runner}/**/*.py`, { cwd: ROOT }).length === 0) return [];
  if (isThere(tools)) return steps;
  return steps.map((step) => ({ ...step, skipped: `${tools} is not there; npm test makes it` }));
}

/** All steps, the longest first, so that two at a time end together. */
export function checkSteps(): Step[] {
  return [
    { name: "lint", command: ["eslint", ".", "--max-warnings=0"] },
    { name: "compiler", command: ["tsc", "--version"], expected: /^Version 7\.0\.2$/ },
    { name: "build", command: ["tsc", "-b", "tsconfig.build.json"] },
    { name: "format", command: ["prettier", "--check", ".", "--log-level=warn"] },
    ...typeSteps(),
    { name: "arrows", command: source("scripts/arrows.ts"), expected: /^[1-9]\d* modules, 0 faults$/m },
    { name: "unused files and packages", command: ["knip", "--no-progress"] },
    { name: "lock file", command: source("scripts/complete-lock.ts", "--check") },
    ...generatedSteps(),
    {
      name: "solidity lint",
      command: [
        "solhint",
        "--config=packages/contracts/.solhint.json",
        "--disc",
        "--noPoster",
        "--max-warnings=0",
        "packages/contracts/contracts/**/*.sol",
      ],
    },
    ...pythonSteps(),
  ];
}
