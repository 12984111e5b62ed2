import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  affordableMs,
  ALLOCATION_TRANSITIONS,
  ATTEMPT_TRANSITIONS,
  canonicalText,
  domainSchema,
  isTerminal,
  isTransitionAllowed,
  JOB_TRANSITIONS,
  LEASE_TRANSITIONS,
  priceOf,
  RIG_TRANSITIONS,
  signingDigest,
  specHashOf,
  unitsOf,
} from "../src/index.ts";

function load<Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> {
  return schema.parse(JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")));
}

const signed = load(
  "eip712",
  z.object({
    domain: domainSchema,
    cases: z.array(
      z.object({
        type: z.enum(["Order", "Receipt", "Grant"]),
        value: z.record(z.string(), z.union([z.string(), z.number()])),
        digest: z.string(),
      }),
    ),
  }),
);

describe("a signed value", () => {
  it.each(signed.cases)("of type $type has the digest $digest", ({ type, value, digest }) => {
    const numbers: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(value)) {
      numbers[key] = typeof field === "string" && !field.startsWith("0x") ? BigInt(field) : field;
    }

    expect(signingDigest(signed.domain, type, numbers)).toBe(digest);
  });

  it.each([
    ["nonce", 2 ** 32],
    ["nonce", -1],
    ["maxPrice", 2n ** 96n],
    ["payer", "0x12"],
    ["specHash", undefined],
  ])("with %s = %s is refused", (field, bad) => {
    const order: Record<string, unknown> = {
      ...signed.cases[0]?.value,
      maxPrice: 1n,
      unitPrice: 1n,
      prepay: 0n,
      [field]: bad,
    };

    expect(() => signingDigest(signed.domain, "Order", order)).toThrow();
  });
});

const prices = load(
  "prices",
  z.array(
    z.object({
      usedMs: z.number(),
      speedMilli: z.number(),
      unitPrice: z.string(),
      units: z.string(),
      price: z.string(),
      affordableMs: z.number(),
    }),
  ),
);

it.each(prices)("$usedMs ms at speed $speedMilli and unit price $unitPrice cost $price", (row) => {
  const units = unitsOf(row.usedMs, row.speedMilli);

  expect(units.toString()).toBe(row.units);
  expect(priceOf(units, BigInt(row.unitPrice)).toString()).toBe(row.price);
  expect(affordableMs(BigInt(row.price), BigInt(row.unitPrice), row.speedMilli)).toBe(row.affordableMs);
});

const canonical = load(
  "canonical",
  z.array(z.object({ value: z.unknown(), text: z.string(), keccak256: z.string() })),
);

describe("canonical text", () => {
  it.each(canonical)("of a value has the hash $keccak256", ({ value, text, keccak256 }) => {
    expect(canonicalText(value)).toBe(text);
    expect(specHashOf(value)).toBe(keccak256);
  });

  it.each([[1.5], [Number.NaN], [2 ** 53], [1n], [() => 1], [Symbol("x")]])(
    "of %s does not exist",
    (value) => {
      expect(() => canonicalText({ value })).toThrow(/no canonical form/);
    },
  );
});

describe("state tables", () => {
  const tables = {
    job: JOB_TRANSITIONS,
    attempt: ATTEMPT_TRANSITIONS,
    lease: LEASE_TRANSITIONS,
    rig: RIG_TRANSITIONS,
    allocation: ALLOCATION_TRANSITIONS,
  };

  it("are those of the vector", () => {
    expect(load("transitions", z.unknown())).toEqual(tables);
  });

  it.each(Object.entries(tables))(
    "of a %s can reach a terminal state from every state",
    (_name, table: Record<string, readonly string[]>) => {
      const canEnd = new Set(Object.keys(table).filter((state) => isTerminal(table, state)));
      for (let size = -1; size !== canEnd.size;) {
        size = canEnd.size;
        for (const state of Object.keys(table))
          if (table[state]?.some((to) => canEnd.has(to))) canEnd.add(state);
      }

      expect([...canEnd].sort()).toEqual(Object.keys(table).sort());
    },
  );

  it("let a sealed attempt go nowhere", () => {
    expect(isTransitionAllowed(ATTEMPT_TRANSITIONS, "sealed", "running")).toBe(false);
    expect(isTransitionAllowed(ATTEMPT_TRANSITIONS, "exited", "sealed")).toBe(true);
  });
});
