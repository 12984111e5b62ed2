import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  Bug,
  errorOf,
  ERROR_CODES,
  NebulaError,
  REQUEST_ERRORS,
  Unavailable,
  type ErrorCode,
} from "../src/index.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[]; // keys of the table are the codes
const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const documented = new Map(
  [...page.matchAll(/^\| `([A-Z_]+)` +\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map((match) => [
    match[1],
    match.slice(2).map((field) => field.trim()),
  ]),
);

describe("docs/errors.md", () => {
  it("has exactly the codes of the table", () => {
    expect([...documented.keys()].sort()).toEqual([...codes].sort());
  });

  it.each(codes)("says of %s what the table says", (code) => {
    const { status, who, charged, remedy } = ERROR_CODES[code];

    expect(documented.get(code)).toEqual([
      status === 0 ? "run" : String(status),
      who,
      charged === "no" ? "no" : "time used",
      remedy,
    ]);
  });
});

describe("an error", () => {
  it.each(Object.keys(REQUEST_ERRORS) as ErrorCode[])(
    "of code %s is of the class that its row names",
    (code) => {
      const error = errorOf(code, "text");

      expect(error).toBeInstanceOf(NebulaError);
      expect(error.name).toBe(ERROR_CODES[code].kind);
      expect(error.row).toBe(ERROR_CODES[code]);
    },
  );

  it("keeps its cause and says when to try again", () => {
    const cause = new Bug("INTERNAL", "inner");
    const error = new Unavailable("DATABASE_AWAY", "outer", { cause, data: { retryAfterMs: 250 } });

    expect(error.cause).toBe(cause);
    expect(error.retryAfterMs).toBe(250);
  });
});
