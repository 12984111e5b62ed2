import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigFault } from "../../config/config.ts";

const KEY_BYTES = 32;
const OTHERS = 0o077;

async function checkMode(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & OTHERS) !== 0)
    throw new ConfigFault([`${path}: others may read it; make it private with: chmod 600 ${path}`]);
}

async function createKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString("hex")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, 0o600);
  await rename(temporary, path);
}

function parsedKey(text: string, path: string): Uint8Array {
  const hex = /^(?:0x)?([0-9a-fA-F]{64})\s*$/.exec(text)?.[1];
  if (hex === undefined) throw new ConfigFault([`${path}: expected 32 bytes in hex`]);
  return Buffer.from(hex, "hex");
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** 32 bytes from a file of mode 0600. Throws `ConfigFault` where it is missing, open to others, or not a key. */
export async function readKeyFile(path: string): Promise<Uint8Array> {
  try {
    await checkMode(path);
    return parsedKey(await readFile(path, "utf8"), path);
  } catch (error) {
    if (isMissing(error)) throw new ConfigFault([`${path}: the key file is missing`]);
    throw error;
  }
}

/** The same, making the file with a new key where it is missing. */
export async function readOrCreateKeyFile(path: string): Promise<Uint8Array> {
  try {
    await stat(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await createKeyFile(path);
  }
  return readKeyFile(path);
}
