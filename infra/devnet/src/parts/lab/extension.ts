import { join } from "node:path";
import { StartFailed } from "../../errors.ts";
import { REPOSITORY } from "../../process/repository.ts";
import { runCommand } from "../../process/run-command.ts";

const PACKAGE = join(REPOSITORY, "packages/jupyter-extension");

/** Builds the notebook extension where its sources have changed, and gives the folder that JupyterLab loads. */
export async function ensureLabExtension(log: (line: string) => void): Promise<string> {
  const start = performance.now();
  const { status, stdout, stderr } = await runCommand(process.execPath, ["scripts/build.mjs"], {
    cwd: PACKAGE,
  });
  if (status !== 0) {
    const said = `${stdout}${stderr}`.trim().split("\n").slice(-30).join("\n");
    throw new StartFailed("lab", "The notebook extension could not be built.", {
      remedy: `The build said:\n${said}`,
    });
  }
  log(`✔ notebook extension (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return join(PACKAGE, "nebula_jupyter/labextension");
}
