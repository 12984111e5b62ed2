import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ERROR_CODES, newId, idSchema, ROUTES, type IdKind, type Route } from "../src/index.ts";

const routes = Object.entries(ROUTES) as [string, Route][]; // each value satisfies Route

describe("the route table", () => {
  it.each(routes)(
    "route %s names every parameter of its path, and only codes of the table",
    (_name, route) => {
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);

      expect(Object.keys(route.params.shape)).toEqual(inPath);
      expect(route.errors.filter((code) => !(code in ERROR_CODES))).toEqual([]);
    },
  );

  it("has no two routes of one method and path", () => {
    const keys = routes.map(([, route]) => `${route.method} ${route.path}`);

    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each(routes)("route %s has JSON schemas of what it takes and gives", (_name, route) => {
    for (const schema of [route.body, route.response]) {
      if (schema === null || schema === "bytes") continue;
      expect(() => z.toJSONSchema(schema, { io: "input" })).not.toThrow();
    }
  });
});

describe("an id", () => {
  const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size));

  it.each(["job", "attempt", "rig", "account", "allocation"] as IdKind[])(
    "of a %s has its prefix and form",
    (kind) => {
      expect(idSchema(kind).safeParse(newId(kind, 1_795_000_000_000, random)).success).toBe(true);
    },
  );

  it("sorts by age", () => {
    const ids = [1, 32, 1_000, 1_795_000_000_000, 1_795_000_000_001].map((ms) => newId("job", ms, random));

    expect([...ids].sort()).toEqual(ids);
  });
});
