// Runs forge in this package: the platform's binary itself, so that ending the child ends all of it.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";

const PACKAGE = resolve(import.meta.dirname, "..");
const SYSTEMS = { linux: "linux", darwin: "darwin", win32: "win32" };
const PROCESSORS = { x64: "amd64", arm64: "arm64" };

function findForge() {
  const platform = `${SYSTEMS[process.platform]}-${PROCESSORS[process.arch]}`;
  const require = createRequire(import.meta.url);
  const file = process.platform === "win32" ? "forge.exe" : "forge";
  return require.resolve(`@foundry-rs/forge-${platform}/bin/${file}`, {
    paths: [dirname(require.resolve("@foundry-rs/forge/package.json"))],
  });
}

/** Runs forge with `args` in this package; gives its exit code and, when `captures`, what it wrote. */
export async function runForge(args, { captures = false, env = {} } = {}) {
  const child = spawn(findForge(), args, {
    cwd: PACKAGE,
    env: { ...process.env, ...env },
    stdio: ["ignore", captures ? "pipe" : "inherit", "inherit"],
  });
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((settle, fail) => child.on("error", fail).on("close", settle));
  return { code: code ?? 1, output };
}
