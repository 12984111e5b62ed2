import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, open, readFile, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AttemptFolders } from "../../app/ports.ts";
import { ATTEMPT_FILES, type ExitRecord } from "../../attacher/records.ts";

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function sum(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const part of createReadStream(path)) {
      hash.update(part as Buffer); // No encoding is set, so parts are buffers.
      bytes += (part as Buffer).length;
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return { bytes, sha256: `0x${hash.digest("hex")}` };
}

async function create(
  folder: string,
  files: { offer: unknown; plan: unknown; document: string },
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const { document, plan, offer } = files;
  const texts = {
    [ATTEMPT_FILES.document]: document,
    [ATTEMPT_FILES.plan]: JSON.stringify(plan),
    [ATTEMPT_FILES.offer]: JSON.stringify(offer),
  };
  for (const [name, text] of Object.entries(texts))
    await writeFile(join(folder, name), text, { mode: FILE_MODE });
  return folder;
}

async function writeExit(path: string, record: ExitRecord): Promise<void> {
  const draft = `${path}.agent`;
  const file = await open(draft, "w", FILE_MODE);
  await file.writeFile(JSON.stringify(record));
  await file.sync();
  await file.close();
  // Unlike a rename, a link never replaces what the attacher has written.
  await link(draft, path).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  await unlink(draft);
}

async function readPart(path: string, { offset, size }: { offset: number; size: number }): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(size), 0, size, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readOrNull(path);
  return text === null ? null : JSON.parse(text);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Attempts' folders below `root`, one each, readable by the agent's user only. */
export function attemptFolders(root: string): AttemptFolders {
  const pathOf = (attempt: string, file = ""): string => join(root, attempt, file);
  return {
    pathOf,
    create: (attempt, files) => create(pathOf(attempt), files),
    readOffer: (attempt) => readJson(pathOf(attempt, ATTEMPT_FILES.offer)),
    // Written by the attacher or by `writeExit`.
    readExit: async (attempt) => (await readJson(pathOf(attempt, ATTEMPT_FILES.exit))) as ExitRecord | null,
    writeExit: (attempt, record) => writeExit(pathOf(attempt, ATTEMPT_FILES.exit), record),
    sumOf: (attempt, stream) => sum(pathOf(attempt, ATTEMPT_FILES[stream])),
    read: (attempt, stream, range) => readPart(pathOf(attempt, ATTEMPT_FILES[stream]), range),
    remove: (attempt) => rm(pathOf(attempt), { recursive: true, force: true }),
    list: () => namesIn(root),
  };
}
