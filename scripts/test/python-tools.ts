import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runCommand } from "../run/run-command.ts";

/** The virtual environment of the Python tests, below the folder of the repository. */
export const PYTHON_TOOLS = ".nebula/tools/python-tests";

/** What the runner runs with in its smallest image, complete as it stands; and the tools that test it. */
const REQUIREMENTS = [
  ["packages/kernel-image/images/minimal/requirements.lock", "--no-deps"],
  ["scripts/test/python-requirements.txt"],
] as const;

function installCommand([file, ...options]: (typeof REQUIREMENTS)[number]): [string, ...string[]] {
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-color"];
  return [`${PYTHON_TOOLS}/bin/pip`, "install", ...quiet, ...options, "-r", file];
}

/** Makes the environment unless it is there with these very packages. Gives what is missing, or nothing. */
export async function ensurePythonTools(): Promise<string | undefined> {
  const files = REQUIREMENTS.filter(([file]) => existsSync(join(ROOT, file)));
  const digest = files.reduce(
    (hash, [file]) => hash.update(readFileSync(join(ROOT, file))),
    createHash("sha256"),
  );
  const stamp = join(ROOT, PYTHON_TOOLS, "nebula-requirements");
  const wanted = digest.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return undefined;

  const create: [string, ...string[]] = ["python3", "-m", "venv", "--clear", PYTHON_TOOLS];
  for (const command of [create, ...files.map(installCommand)]) {
    const { code, output } = await runCommand(command, { output: "capture" });
    if (code !== 0) return `${command.join(" ")} ended with ${code}: ${output.slice(-500)}`;
  }
  writeFileSync(stamp, wanted);
  return undefined;
}
