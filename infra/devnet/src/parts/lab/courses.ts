import { copyFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exists, missingAsUndefined, writeDurably } from "../../process/private-file.ts";
import { fileHash, lessonFiles } from "./course-files.ts";

/** Where lessons come from, where the student works, and where is noted what was laid there. */
export interface CourseFolders {
  readonly source: string;
  readonly target: string;
  /** JSON: hash of every file as it was laid into the target. */
  readonly record: string;
}

/** Lays the lessons into the student's folder. A file that the student has changed stays as it is, for ever. */
export async function layOutCourses(folders: CourseFolders): Promise<void> {
  const laid = await readRecord(folders.record);
  await mkdir(folders.target, { recursive: true });
  for (const file of await lessonFiles(folders.source)) {
    const from = join(folders.source, file);
    const to = join(folders.target, file);
    const hash = await fileHash(from);
    if (!(await mayReplace(to, laid[file]))) continue;
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
    laid[file] = hash;
  }
  await writeDurably(folders.record, `${JSON.stringify(laid, undefined, 2)}\n`);
}

async function mayReplace(target: string, laidHash: string | undefined): Promise<boolean> {
  return !(await exists(target)) || (await fileHash(target)) === laidHash;
}

async function readRecord(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, "utf8").catch(missingAsUndefined);
  return text === undefined ? {} : (JSON.parse(text) as Record<string, string>); // written by layOutCourses
}
