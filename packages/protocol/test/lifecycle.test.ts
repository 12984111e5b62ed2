import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  ALLOCATION_TRANSITIONS,
  ATTEMPT_TRANSITIONS,
  JOB_TRANSITIONS,
  LEASE_TRANSITIONS,
  RIG_TRANSITIONS,
} from "../src/index.ts";

const page = readFileSync(new URL("../../../docs/lifecycle.md", import.meta.url), "utf8");

function drawn(title: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
  return [...section.matchAll(/^ {2}(\w+) --> (\w+)$/gm)]
    .map((match) => `${match[1] ?? ""} ${match[2] ?? ""}`)
    .sort();
}

describe("docs/lifecycle.md", () => {
  it.each([
    ["Job", JOB_TRANSITIONS],
    ["Attempt", ATTEMPT_TRANSITIONS],
    ["Lease", LEASE_TRANSITIONS],
    ["Rig", RIG_TRANSITIONS],
    ["Allocation", ALLOCATION_TRANSITIONS],
  ] as [string, Record<string, readonly string[]>][])("draws the table of a %s", (title, table) => {
    const moves = Object.entries(table).flatMap(([from, to]) => to.map((next) => `${from} ${next}`));

    expect(drawn(title)).toEqual(moves.sort());
  });
});
