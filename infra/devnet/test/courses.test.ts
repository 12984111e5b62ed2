import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { layOutCourses } from "../src/parts/lab/courses.ts";
import type { CourseFolders } from "../src/parts/lab/courses.ts";
import { temporaryFolder } from "./support/folder.ts";

async function aCourse(root: string): Promise<CourseFolders & { lesson: string; work: string }> {
  const folders = {
    source: join(root, "courses"),
    target: join(root, "notebooks"),
    record: join(root, "record.json"),
  };
  await mkdir(join(folders.source, "01"), { recursive: true });
  await writeFile(join(folders.source, "01/lesson.ipynb"), "first edition");
  await layOutCourses(folders);
  return {
    ...folders,
    lesson: join(folders.source, "01/lesson.ipynb"),
    work: join(folders.target, "01/lesson.ipynb"),
  };
}

test("lessons are laid into the student's folder", async () => {
  await using folder = await temporaryFolder();

  const course = await aCourse(folder.path);

  expect(await readFile(course.work, "utf8")).toBe("first edition");
});

test("a lesson that the student changed stays as it is", async () => {
  await using folder = await temporaryFolder();
  const course = await aCourse(folder.path);
  await writeFile(course.work, "my answers");
  await writeFile(course.lesson, "second edition");

  await layOutCourses(course);

  expect(await readFile(course.work, "utf8")).toBe("my answers");
});

test("a lesson that the student left alone follows the course", async () => {
  await using folder = await temporaryFolder();
  const course = await aCourse(folder.path);
  await writeFile(course.lesson, "second edition");

  await layOutCourses(course);

  expect(await readFile(course.work, "utf8")).toBe("second edition");
});

test("hidden files and what Python leaves behind are no lessons", async () => {
  await using folder = await temporaryFolder();
  const course = await aCourse(folder.path);
  await mkdir(join(course.source, "01/__pycache__"));
  await writeFile(join(course.source, "01/__pycache__/a.pyc"), "");
  await writeFile(join(course.source, "01/.hidden"), "");

  await layOutCourses(course);

  expect(await readdir(join(course.target, "01"))).toEqual(["lesson.ipynb"]);
});
