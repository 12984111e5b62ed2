import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

/** SHA-256 (hex) of one file. */
export async function fileHash(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}

/** Every lesson file under `root`, relative to it, sorted; what begins with a dot, or Python left behind, is none. */
export async function lessonFiles(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return files.filter((file) => !/(?:^|\/)(?:\.|__pycache__\/)/.test(file)).sort();
}
