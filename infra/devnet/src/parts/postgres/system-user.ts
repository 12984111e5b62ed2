import { stat } from "node:fs/promises";
import { dirname, parse } from "node:path";
import { StartFailed } from "../../errors.ts";
import { runCommand } from "../../process/run-command.ts";

/** Who runs the database: PostgreSQL refuses to run as root. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const NAME = "postgres";

/** The user for the database when this process is root (made where there is none), else undefined. */
export async function databaseUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const found = await existingDatabaseUser();
  if (found !== undefined) return found;
  await runCommand("useradd", [
    "--system",
    "--user-group",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    NAME,
  ]);
  const made = await existingDatabaseUser();
  if (made !== undefined) return made;
  throw new StartFailed("postgres", `The system has no user ${NAME}, and none could be made.`, {
    remedy: `Run: useradd --system --user-group --no-create-home ${NAME}, or start as a user other than root.`,
  });
}

/** The folders on the way to `path` that `user` may not pass; an empty list is good. */
export async function closedFolders(path: string, user: SystemUser): Promise<readonly string[]> {
  const closed: string[] = [];
  for (let folder = dirname(path); folder !== parse(folder).root; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const pass = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & pass) === 0) closed.unshift(folder);
  }
  return closed;
}

/** Throws `StartFailed` naming the folder and the remedy when `user` cannot reach one of `paths`. */
export async function assertReachable(paths: readonly string[], user: SystemUser): Promise<void> {
  const closed = new Set<string>();
  for (const path of paths) for (const folder of await closedFolders(path, user)) closed.add(folder);
  if (closed.size === 0) return;
  const folders = [...closed].join(" ");
  throw new StartFailed(
    "postgres",
    `PostgreSQL runs as user ${user.name}, who may not pass through ${folders}.`,
    {
      remedy: `Run: chmod o+x ${folders}, or keep the project in a folder that everybody may pass.`,
    },
  );
}

/** The user for the database if the system has it. */
export async function existingDatabaseUser(): Promise<SystemUser | undefined> {
  const uid = await runCommand("id", ["-u", NAME]);
  const gid = await runCommand("id", ["-g", NAME]);
  if (uid.status !== 0 || gid.status !== 0) return undefined;
  return { name: NAME, uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
