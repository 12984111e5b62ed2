import { appendFile, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileJournal } from "../../src/adapters/journal/journal.ts";
import type { JournalEntry } from "../../src/app/ports.ts";

const entry = (attempt: string, state: JournalEntry["state"]): JournalEntry => ({
  attempt,
  fence: 1,
  slot: "cpu-0",
  state,
  bootId: "b",
});
const newPath = async (): Promise<string> =>
  join(await mkdtemp(join(tmpdir(), "nebula-journal-")), "journal.jsonl");

async function written(path: string, ...entries: JournalEntry[]): Promise<void> {
  await using journal = await FileJournal.open(path);
  for (const each of entries) await journal.write(each);
}

describe("the journal", () => {
  it("of a new rig is empty", async () => {
    await using journal = await FileJournal.open(await newPath());

    expect(journal.found).toEqual([]);
  });

  it("gives the last state of each attempt that is open", async () => {
    const path = await newPath();
    await written(
      path,
      entry("a", "accepted"),
      entry("b", "accepted"),
      entry("a", "running"),
      entry("b", "sealed"),
      entry("c", "lost"),
    );

    await using journal = await FileJournal.open(path);

    expect(journal.found).toEqual([entry("a", "running")]);
  });

  it("is on disk when a write has resolved", async () => {
    const path = await newPath();
    await using journal = await FileJournal.open(path);

    await journal.write(entry("a", "accepted"));

    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(entry("a", "accepted"));
  });

  it("passes over a line that a crash cut short", async () => {
    const path = await newPath();
    await written(path, entry("a", "accepted"));
    await appendFile(path, '{"attempt":"b","sta');

    await using journal = await FileJournal.open(path);
    await journal.write(entry("c", "accepted"));
    await using again = await FileJournal.open(path);

    expect(journal.found).toEqual([entry("a", "accepted")]);
    expect(again.found.map(({ attempt }) => attempt)).toEqual(["a", "c"]);
  });

  it("keeps the order of writes that come at once", async () => {
    const path = await newPath();
    const states = ["accepted", "preparing", "running", "stopping", "exited"] as const;
    await using journal = await FileJournal.open(path);

    await Promise.all(states.map((state) => journal.write(entry("a", state))));

    const lines = (await readFile(path, "utf8")).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as JournalEntry).state)).toEqual(states);
  });

  it("drops what is closed when it is opened", async () => {
    const path = await newPath();
    await written(path, ...Array.from({ length: 50 }, (_, index) => entry(`a${String(index)}`, "sealed")));

    await using journal = await FileJournal.open(path);

    expect(journal.found).toEqual([]);
    expect(await readFile(path, "utf8")).toBe("");
  });
});
