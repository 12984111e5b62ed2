import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openJournal } from "../src/parts/chain/journal.ts";
import type { Journal, JournalEntry } from "../src/parts/chain/journal.ts";
import { temporaryFolder } from "./support/folder.ts";

const ENTRIES: readonly JournalEntry[] = [
  { at: 1_000, raw: "0xaa" },
  { at: 1_000, raw: "0xbbcc" },
  { at: 1_007, raw: `0x${"0d".repeat(40_000)}` },
  { at: 1_009, raw: "0xee" },
];

async function written(file: string): Promise<void> {
  await using journal = await openJournal(file);
  for (const entry of ENTRIES) await journal.append(entry);
}

async function all(journal: Journal, fromByte = 0): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of journal.entriesFrom(fromByte)) entries.push(entry);
  return entries;
}

test("entries come back in order after a restart", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "journal");
  await written(file);

  await using journal = await openJournal(file);

  expect(await all(journal)).toEqual(ENTRIES);
});

test("reading can begin where a snapshot ended", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "journal");
  await using journal = await openJournal(file);
  await journal.append({ at: 1, raw: "0xaa" });
  const covered = journal.sizeBytes;
  await journal.append({ at: 2, raw: "0xbb" });

  expect(await all(journal, covered)).toEqual([{ at: 2, raw: "0xbb" }]);
  expect(await all(journal, journal.sizeBytes)).toEqual([]);
});

test("a journal cut at any byte holds the whole entries before the cut, and takes new ones", async () => {
  await using folder = await temporaryFolder();
  const whole = join(folder.path, "whole");
  await written(whole);
  const bytes = await readFile(whole);

  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), async (cut) => {
      const file = join(folder.path, "cut");
      await writeFile(file, bytes.subarray(0, cut));
      await using journal = await openJournal(file);
      const kept = await all(journal);
      await journal.append({ at: 2_000, raw: "0xff" });

      const lines = bytes.subarray(0, cut).toString("latin1").split("\n").length - 1;
      expect(kept).toEqual(ENTRIES.slice(0, lines));
      expect(await all(journal)).toEqual([...kept, { at: 2_000, raw: "0xff" }]);
    }),
    { numRuns: 60 },
  );
});

test("a damaged line in the middle is named and nothing is guessed", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "journal");
  await appendFile(file, "1000 0xaa\nnonsense\n1001 0xbb\n");

  await using journal = await openJournal(file);

  await expect(all(journal)).rejects.toThrow("holds a line that is no transaction");
});
