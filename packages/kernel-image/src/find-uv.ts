import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { UV_VERSION } from "./recipe.ts";
import { run, succeeds } from "./run-command.ts";
import type { Workshop } from "./workshop.ts";

/** Path of uv: the one asked for, the one on PATH, or one of our own, installed where there is none. */
export async function findUv(workshop: Workshop): Promise<string> {
  if (workshop.uvPath !== undefined) return workshop.uvPath;
  if (await succeeds({ file: "uv", args: ["--version"] })) return "uv";
  const venv = join(workshop.toolsDir, "uv");
  const uv = join(venv, "bin", "uv");
  if (existsSync(uv)) return uv;
  return workshop.step("install uv", async () => {
    await mkdir(workshop.toolsDir, { recursive: true });
    await run({ file: "python3", args: ["-m", "venv", venv] });
    await run({ file: join(venv, "bin", "pip"), args: ["install", "--quiet", `uv==${UV_VERSION}`] });
    return uv;
  });
}
