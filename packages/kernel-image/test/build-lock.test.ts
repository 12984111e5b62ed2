import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withLock } from "../src/build-lock.ts";

const aPath = async () => join(await mkdtemp(join(tmpdir(), "nebula-lock-")), "below", "build.lock");

it("only one holds the lock at a time", async () => {
  const path = await aPath();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise(setImmediate);
    inside -= 1;
  };

  await Promise.all([withLock(path, work), withLock(path, work), withLock(path, work)]);

  expect(most).toBe(1);
});

it("the lock is free again after work that failed", async () => {
  const path = await aPath();
  await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");

  expect(await withLock(path, async () => "yes")).toBe("yes");
  expect(await readdir(join(path, ".."))).toEqual([]);
});

it("the lock of a process that has died is taken over", async () => {
  const path = await aPath();
  await withLock(path, async () => undefined);
  await writeFile(path, "4194303");

  expect(await withLock(path, async () => "mine")).toBe("mine");
});
