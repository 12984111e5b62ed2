import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockFolder } from "../src/process/folder-lock.ts";
import { temporaryFolder } from "./support/folder.ts";

test("a folder is taken once, and free again after it was given back", async () => {
  await using folder = await temporaryFolder();
  const first = await lockFolder(folder.path, "chain");

  await expect(lockFolder(folder.path, "chain")).rejects.toThrow(`process ${String(process.pid)}`);
  await first[Symbol.asyncDispose]();

  await using again = await lockFolder(folder.path, "chain");
  expect(again).toBeDefined();
});

test.each([
  ["a process that is gone", "4194304 17\n"],
  ["a process whose number another program has now", `${String(process.pid)} 1\n`],
  ["nobody", ""],
])("a lock of %s counts for nothing", async (_name, content) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "in-use");
  await writeFile(file, content);

  await using lock = await lockFolder(folder.path, "chain");

  expect(lock).toBeDefined();
  expect(await readFile(file, "utf8")).toMatch(new RegExp(`^${String(process.pid)} [0-9]+\n$`));
});
