import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces a file as a whole: a reader, or a machine that loses power, sees the old content or the new one.
 * Mode 0600. Several `parts` are written one after the other.
 */
export async function writeDurably(file: string, ...parts: readonly (string | Uint8Array)[]): Promise<void> {
  const temporary = `${file}.new`;
  await using handle = await open(temporary, "w", 0o600);
  for (const part of parts) await handle.writeFile(part);
  await handle.sync();
  await rename(temporary, file);
  await syncFolder(dirname(file));
}

/** Makes the names in a folder (new files, renames) survive a crash. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

/** The content of a secret file of ours, made by `create` at first use; mode 0600. */
export async function secretFile(file: string, create: () => string | Promise<string>): Promise<string> {
  const existing = await readFile(file, "utf8").catch(missingAsUndefined);
  if (existing !== undefined) return existing.trim();
  await mkdir(dirname(file), { recursive: true });
  const secret = await create();
  await writeDurably(file, `${secret}\n`);
  return secret;
}

/** `bytes` random bytes as base64url. */
export function randomSecret(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}

/** For `catch`: a file that is not there reads as undefined, any other fault is thrown. */
export function missingAsUndefined(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

/** True when something of that name exists. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(missingAsUndefined)) !== undefined;
}
