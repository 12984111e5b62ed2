import { chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StartFailed } from "../../errors.ts";
import { exists } from "../../process/private-file.ts";
import { runCommand } from "../../process/run-command.ts";
import type { PostgresBinaries } from "./binaries.ts";
import type { SystemUser } from "./system-user.ts";

/** Name of the database and of the role that owns it. */
export const DATABASE = "nebula";

/** What a new cluster is made from. */
export interface ClusterPlan {
  readonly binaries: PostgresBinaries;
  /** Holds `data` (the cluster), owned by the user of the database. */
  readonly folder: string;
  readonly password: string;
  readonly user: SystemUser | undefined;
}

/** The data folder, made at first use. Made under another name and renamed, so half a cluster is never started. */
export async function ensureCluster(plan: ClusterPlan): Promise<string> {
  const data = join(plan.folder, "data");
  if (await exists(join(data, "PG_VERSION"))) return data;
  const fresh = join(plan.folder, "data.new");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  const passwordFile = join(plan.folder, "password.new");
  await writeFile(passwordFile, `${plan.password}\n`, { mode: 0o600 });
  if (plan.user !== undefined)
    for (const path of [fresh, passwordFile]) await chown(path, plan.user.uid, plan.user.gid);
  await initialise(plan, fresh, passwordFile).finally(() => rm(passwordFile, { force: true }));
  await rename(fresh, data);
  return data;
}

async function initialise(plan: ClusterPlan, data: string, passwordFile: string): Promise<void> {
  const args = [
    `--pgdata=${data}`,
    `--pwfile=${passwordFile}`,
    `--username=${DATABASE}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
  ];
  const options = { cwd: plan.folder, ...(plan.user === undefined ? {} : { user: plan.user }) };
  const result = await runCommand(plan.binaries.initdb, args, options);
  if (result.status === 0) return;
  throw new StartFailed("postgres", `initdb ended with status ${result.status}.`, {
    remedy: `It said:\n${result.stderr.trim()}`,
  });
}
