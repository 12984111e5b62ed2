import { NBAI } from "@nebula/protocol";
import { expect, test } from "vitest";
import { ConfigFault, parseConfig } from "../../src/config/config.ts";
import { readEnvironment } from "../../src/config/env.ts";

const MINIMAL = {
  NEBULA_DATABASE_URL: "postgres://127.0.0.1:8703/nebula",
  NEBULA_CHAIN_TOKEN: `0x${"AB".repeat(20)}`,
  NEBULA_CHAIN_ESCROW: `0x${"cd".repeat(20)}`,
  NEBULA_CHAIN_KEY_FILE: "chain.key",
  NEBULA_MASTER_KEY_FILE: "master.key",
  NEBULA_IMAGES: '[{"name":"coursework","title":"Coursework","tag":"t"}]',
};

const faultOf = (env: Record<string, string>): string => {
  try {
    parseConfig(readEnvironment({ ...MINIMAL, ...env }));
  } catch (error) {
    if (error instanceof ConfigFault) return error.message;
    throw error;
  }
  return "";
};

test("the least that must be set is enough", () => {
  const config = parseConfig(readEnvironment(MINIMAL));

  expect(config).toMatchObject({
    host: "127.0.0.1",
    port: 8700,
    isDemo: false,
    rateVersion: 1,
    defaultClass: "cpu",
  });
  expect(config.chain.token).toBe(`0x${"ab".repeat(20)}`);
  expect(config.classes.map((entry) => [entry.name, entry.speedMilli, entry.unitPrice])).toEqual([
    ["cpu", 6, NBAI],
    ["gpu", 1_000, NBAI],
  ]);
});

test("lists, numbers and classes are read from the environment", () => {
  const classes =
    '[{"name":"big","title":"Big","speedMilli":9000,"unitPrice":"5","cpus":4,"memoryMiB":1024,"gpu":null}]';
  const env = {
    ...MINIMAL,
    NEBULA_ORIGINS: "http://127.0.0.1:1, https://lab.example",
    NEBULA_PORT: "9",
    NEBULA_DEMO: "1",
    NEBULA_CLASSES: classes,
    NEBULA_DEFAULT_CLASS: "big",
  };

  const config = parseConfig(readEnvironment(env));

  expect(config).toMatchObject({
    origins: ["http://127.0.0.1:1", "https://lab.example"],
    port: 9,
    isDemo: true,
  });
  expect(config.classes[0]?.unitPrice).toBe(5n);
});

test.each([
  ["a port that is no number", { NEBULA_PORT: "x" }, "port"],
  ["an origin with a path", { NEBULA_ORIGINS: "http://a/b" }, "origins.0"],
  ["images that are no JSON", { NEBULA_IMAGES: "x" }, "images"],
  ["a default class that is not there", { NEBULA_DEFAULT_CLASS: "tpu" }, "no class is named tpu"],
  ["a default image that is not there", { NEBULA_DEFAULT_IMAGE: "x" }, "no image is named x"],
  ["a database address of another kind", { NEBULA_DATABASE_URL: "mysql://x" }, "databaseUrl"],
])("%s is named", (_what, env, said) => {
  expect(faultOf(env)).toContain(said);
});

test("several faults are told at once", () => {
  expect(faultOf({ NEBULA_PORT: "x", NEBULA_IMAGES: "[]" }).split("\n").length).toBeGreaterThan(2);
});

test("intervals under which an attempt could be alive twice are refused", () => {
  const input = { ...readEnvironment(MINIMAL), times: { deadManMs: 200_000 } };

  expect(() => parseConfig(input)).toThrow(/alive twice/);
});
