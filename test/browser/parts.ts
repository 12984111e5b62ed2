import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const REPOSITORY = join(import.meta.dirname, "../..");

/** Where `npm test` lays its tools, JupyterLab among them. */
export const TOOLS_HOME = join(REPOSITORY, ".nebula");

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of a Chromium; undefined where there is none. */
export const chromiumPath = BROWSERS.find((path) => existsSync(path));

/** Why no browser test can run here; null when they can. */
export async function whyNoBrowserTests(): Promise<string | null> {
  if (chromiumPath === undefined) return "no Chromium on this machine";
  if (!existsSync(join(TOOLS_HOME, "tools/lab/bin/jupyter"))) return "JupyterLab is not installed";
  try {
    await promisify(execFile)("docker", ["version", "--format", "{{.Server.Version}}"]);
    return null;
  } catch {
    return "no Docker Engine answers on this machine";
  }
}
