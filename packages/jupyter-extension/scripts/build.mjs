// Bundles src/ into nebula_jupyter/labextension, the folder that JupyterLab loads. Node only; sources of sibling
// packages are compiled with it, so nothing has to be built before.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = dirname(dirname(fileURLToPath(import.meta.url)));
const output = join(here, "nebula_jupyter", "labextension");
const stamp = join(output, "inputs.sha256");
const siblings = ["protocol", "client", "contracts"].map((name) => join(here, "..", name, "src"));
const inputs = [
  ...["src", "style", "schema", "scripts"].map((name) => join(here, name)),
  join(here, "package.json"),
  join(here, "..", "..", "package-lock.json"),
  ...siblings,
];

function filesUnder(path) {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error.code === "ENOTDIR") return [path];
    throw error;
  }
}

function hashOfInputs() {
  const hash = createHash("sha256");
  for (const file of inputs.flatMap(filesUnder).sort()) {
    hash.update(relative(here, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

const wanted = hashOfInputs();
if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && !process.argv.includes("--force")) {
  console.log("labextension: unchanged");
} else {
  const builder = require.resolve("@jupyter/builder/lib/build-labextension.js");
  const core = require.resolve("@jupyterlab/core-meta/core.package.json");
  const mode = process.argv.includes("--development") ? ["--development"] : [];
  execFileSync(process.execPath, [builder, "--core-package-file", core, ...mode, "."], {
    cwd: here,
    stdio: "inherit",
  });
  // The last write: a build that was cut short is not taken for a finished one.
  writeFileSync(stamp, wanted);
  console.log(`labextension: built in ${relative(process.cwd(), output)}`);
}
