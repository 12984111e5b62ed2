import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSnapshot, writeSnapshot } from "../src/parts/chain/snapshot.ts";
import { temporaryFolder } from "./support/folder.ts";

const SNAPSHOT = { coversBytes: 1_234, state: `0x${"1f8b".repeat(500)}` };

test("a snapshot reads back as it was written", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "snapshot");

  await writeSnapshot(file, SNAPSHOT);

  expect(await readSnapshot(file)).toEqual(SNAPSHOT);
});

test("no snapshot is no fault", async () => {
  await using folder = await temporaryFolder();

  expect(await readSnapshot(join(folder.path, "snapshot"))).toBeUndefined();
});

test.each([
  ["cut short", (text: string) => text.slice(0, 700)],
  ["empty", () => ""],
  ["changed in its state", (text: string) => text.replace(/1f8b$/, "1f8c")],
  ["changed in what it covers", (text: string) => text.replace("1234", "1235")],
  ["with another header", (text: string) => text.slice(5)],
])("a snapshot that is %s counts as none", async (_name, damage) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "snapshot");
  await writeSnapshot(file, SNAPSHOT);

  await writeFile(file, damage(await readFile(file, "utf8")));

  expect(await readSnapshot(file)).toBeUndefined();
});
