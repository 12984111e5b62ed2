import { StartFailed } from "../errors.ts";
import { hasDebianPackages, readSystem, runAsRoot } from "./privilege.ts";
import type { Privilege } from "./privilege.ts";

/** The commands with which a person installs these packages. */
export function installCommands(packages: readonly string[]): readonly string[] {
  return ["sudo apt-get update", `sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`];
}

/** True where this process may install Debian packages. */
export async function canInstallPackages(privilege: Privilege): Promise<boolean> {
  return privilege !== "none" && hasDebianPackages(await readSystem());
}

/** Installs Debian packages. Throws `StartFailed` with the end of what apt-get said. */
export async function installPackages(privilege: Privilege, packages: readonly string[]): Promise<void> {
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  await runAsRoot(privilege, "apt-get", ["update"]);
  const result = await runAsRoot(privilege, "apt-get", install);
  if (result.status === 0) return;
  throw new StartFailed(
    "setup",
    `apt-get could not install ${packages.join(", ")} (status ${result.status}).`,
    {
      remedy: `It said:\n${result.stderr.trim().split("\n").slice(-10).join("\n")}`,
    },
  );
}
