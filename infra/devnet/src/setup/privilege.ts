import { readFile } from "node:fs/promises";
import { runCommand } from "../process/run-command.ts";
import type { CommandResult } from "../process/run-command.ts";

/** How far this process may change the machine: as root, through sudo without a prompt, or not at all. */
export type Privilege = "root" | "sudo" | "none";

/** Finds out without asking anybody for a password. */
export async function privilegeOfProcess(): Promise<Privilege> {
  if (process.getuid?.() === 0) return "root";
  return (await runCommand("sudo", ["-n", "true"])).status === 0 ? "sudo" : "none";
}

/** Runs a program as root, where that is allowed. */
export async function runAsRoot(
  privilege: Privilege,
  command: string,
  args: readonly string[],
): Promise<CommandResult> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (privilege === "root") return await runCommand(command, args, { env });
  if (privilege === "sudo")
    return await runCommand("sudo", ["-n", "DEBIAN_FRONTEND=noninteractive", command, ...args], { env });
  return { status: 126, stdout: "", stderr: `may not run ${command} as root` };
}

/** The system, from /etc/os-release. */
export interface System {
  /** Such as `debian`. */
  readonly id: string;
  /** Such as 12; 0 where there is none. */
  readonly version: number;
  /** Such as `Debian GNU/Linux 12 (bookworm)`. */
  readonly title: string;
}

/** Reads which system this is. */
export async function readSystem(): Promise<System> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  const value = (key: string): string => new RegExp(`^${key}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return {
    id: value("ID"),
    version: Number.parseInt(value("VERSION_ID"), 10) || 0,
    title: value("PRETTY_NAME") || "this system",
  };
}

/** True where Debian packages can be installed by apt-get. */
export function hasDebianPackages(system: System): boolean {
  return system.id === "debian" || system.id === "ubuntu";
}
