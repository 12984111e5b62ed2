import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs the engine's own program; gives what it prints. Throws when it fails. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute("docker", [...args]);
  return stdout.trim();
}

/** Why no test with containers can run here; null when they can. */
export async function whyNoDocker(): Promise<string | null> {
  try {
    await docker("version", "--format", "{{.Server.Version}}");
    return null;
  } catch {
    return "no Docker Engine answers on this machine";
  }
}

/** Ids of the containers, running or not, of one rig or one attempt. */
export async function containersOf(label: "rig" | "attempt", id: string): Promise<string[]> {
  const found = await docker(
    "ps",
    "--all",
    "--quiet",
    "--no-trunc",
    "--filter",
    `label=nebula.${label}=${id}`,
  );
  return found === "" ? [] : found.split("\n");
}
