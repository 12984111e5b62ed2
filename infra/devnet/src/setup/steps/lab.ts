import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StartFailed } from "../../errors.ts";
import { missingAsUndefined } from "../../process/private-file.ts";
import { runCommand } from "../../process/run-command.ts";
import { missing, ready } from "../step.ts";
import type { SetupContext, SetupStep } from "../step.ts";

// The builder is named because the newest one does not fit this JupyterLab.
const REQUIREMENTS = ["jupyterlab==4.6.4", "jupyter-builder==1.2.3", "ipykernel==7.3.0"];
const TITLE = REQUIREMENTS[0]?.replace("jupyterlab==", "") ?? "";
const MARK = createHash("sha256").update(REQUIREMENTS.join("\n")).digest("hex");

/** JupyterLab in a virtual environment of its own. */
export const lab: SetupStep = {
  name: "JupyterLab",
  purposes: ["start", "tests"],
  async check({ home }) {
    const mark = await readFile(join(labFolder(home), "requirements.sha256"), "utf8").catch(
      missingAsUndefined,
    );
    if (mark === MARK) return ready(TITLE);
    return missing(mark === undefined ? "it is not installed" : "another version of it is installed");
  },
  install,
  async remedy({ home }) {
    const folder = labFolder(home);
    return [
      `python3 -m venv ${folder}`,
      `${folder}/bin/pip install uv`,
      `${folder}/bin/uv pip install --python ${folder}/bin/python ${REQUIREMENTS.join(" ")}`,
    ];
  },
};

/** Where the environment lies. */
export function labFolder(home: string): string {
  return join(home, "tools/lab");
}

async function install({ home }: SetupContext): Promise<void> {
  const folder = labFolder(home);
  await rm(folder, { recursive: true, force: true });
  await must("python3", ["-m", "venv", folder]);
  await must(join(folder, "bin/python"), [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "uv",
  ]);
  await must(join(folder, "bin/uv"), [
    "pip",
    "install",
    "--quiet",
    "--python",
    join(folder, "bin/python"),
    ...REQUIREMENTS,
  ]);
  await writeFile(join(folder, "requirements.sha256"), MARK); // last: half an environment is no environment
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { status, stderr } = await runCommand(command, args);
  if (status === 0) return;
  throw new StartFailed("setup", `${command} ended with status ${status}.`, {
    remedy: `It said:\n${stderr.trim().split("\n").slice(-10).join("\n")}`,
  });
}
