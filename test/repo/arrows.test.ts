import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cruiseTree, unseenFolders } from "../../scripts/arrows/cruise-tree.ts";

const PACKAGES = ["protocol", "contracts", "client", "paas-server", "rig-agent", "jupyter-extension"];
const LIBRARIES = [
  "zod",
  "ethers",
  "dockerode",
  "express",
  "socket.io",
  "socket.io-client",
  "keycloak-connect",
  "pg",
];

/** A clean tree in small: every import in it follows the arrows. */
const CLEAN: Record<string, string> = {
  "packages/protocol/src/index.ts": 'import "zod";\nexport const a = 1;',
  "packages/contracts/src/index.ts": "export const a = 1;",
  "packages/client/src/index.ts": 'import "@nebula/protocol";\nimport "@nebula/contracts";\nimport "ethers";',
  "packages/jupyter-extension/src/index.ts": 'import "@nebula/client";',
  "packages/paas-server/src/index.ts": "export const a = 1;",
  "packages/paas-server/src/main.ts": 'import "./http/jobs.ts";\nimport "./config/env.ts";',
  "packages/paas-server/src/config/env.ts": "export const a = 1;",
  "packages/paas-server/src/config/config.ts": 'import "./env.ts";\nexport type Config = number;',
  "packages/paas-server/src/domain/price.ts": 'import "@nebula/protocol";',
  "packages/paas-server/src/app/ports.ts": "export type Port = number;",
  "packages/paas-server/src/app/submit-job.ts":
    'import "../domain/price.ts";\nimport type { Port } from "./ports.ts";\nimport type { Config } from "../config/config.ts";',
  "packages/paas-server/src/http/jobs.ts": 'import "express";\nimport "../app/submit-job.ts";',
  "packages/paas-server/src/adapters/postgres/database.ts":
    'import "pg";\nimport type { Port } from "../../app/ports.ts";',
  "packages/rig-agent/src/index.ts": "export const a = 1;",
  "packages/rig-agent/src/adapters/docker/engine.ts": 'import "dockerode";',
  "infra/devnet/src/start.ts": 'import "@nebula/paas-server";',
};

/** What is planted, and the rule that must name it. */
const FAULTS: [rule: string, file: string, source: string][] = [
  ["no-circular", "packages/paas-server/src/domain/price.ts", 'import "./quote.ts";'],
  ["resolvable", "packages/client/src/index.ts", 'import "not-there";'],
  ["sources-never-import-tests", "packages/client/src/index.ts", 'import "../test/fake.ts";'],
  ["protocol-is-a-leaf", "packages/protocol/src/index.ts", 'import "node:fs";'],
  ["contracts-is-a-leaf", "packages/contracts/src/index.ts", 'import "@nebula/protocol";'],
  ["client-sees-protocol-and-contracts", "packages/client/src/index.ts", 'import "@nebula/rig-agent";'],
  [
    "extension-sees-client-and-protocol",
    "packages/jupyter-extension/src/index.ts",
    'import "@nebula/contracts";',
  ],
  [
    "server-and-agent-see-protocol-and-contracts",
    "packages/rig-agent/src/index.ts",
    'import "@nebula/client";',
  ],
  ["kernel-image-sees-protocol", "packages/kernel-image/src/index.ts", 'import "@nebula/contracts";'],
  ["nobody-imports-an-app", "packages/rig-agent/src/index.ts", 'import "@nebula/paas-server";'],
  ["main-is-the-top", "packages/paas-server/src/index.ts", 'import "./main.ts";'],
  ["domain-is-pure", "packages/paas-server/src/domain/price.ts", 'import "node:fs";'],
  [
    "domain-is-pure",
    "packages/paas-server/src/domain/price.ts",
    'import type { Port } from "../app/ports.ts";',
  ],
  ["app-sees-domain-and-ports", "packages/paas-server/src/app/submit-job.ts", 'import "express";'],
  [
    "configuration-is-handed-in",
    "packages/paas-server/src/app/submit-job.ts",
    'import "../config/config.ts";',
  ],
  [
    "edges-call-use-cases",
    "packages/paas-server/src/http/jobs.ts",
    'import "../adapters/postgres/database.ts";',
  ],
  [
    "adapters-never-call-up",
    "packages/paas-server/src/adapters/postgres/database.ts",
    'import "../../app/submit-job.ts";',
  ],
  ["environment-is-read-by-config", "packages/paas-server/src/http/jobs.ts", 'import "../config/env.ts";'],
  ["dockerode-in-one-place", "packages/rig-agent/src/index.ts", 'import "dockerode";'],
  ["ethers-in-one-place", "packages/paas-server/src/http/jobs.ts", 'import "ethers";'],
  ["express-in-one-place", "packages/paas-server/src/index.ts", 'import "express";'],
  ["socket.io-in-one-place", "packages/paas-server/src/http/jobs.ts", 'import "socket.io";'],
  ["socket.io-client-in-one-place", "packages/rig-agent/src/index.ts", 'import "socket.io-client";'],
  ["keycloak-connect-in-one-place", "packages/paas-server/src/http/jobs.ts", 'import "keycloak-connect";'],
  ["pg-in-one-place", "packages/paas-server/src/http/jobs.ts", 'import "pg";'],
];

/** Files that a fault may point at, and that would not be clean alone. */
const TARGETS: Record<string, string> = {
  "packages/paas-server/src/domain/quote.ts": 'import "./price.ts";',
  "packages/client/test/fake.ts": "export const a = 1;",
};

const trees: string[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

function write(root: string, files: Record<string, string>) {
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${source}\n`);
  }
}

function plant(fault: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "arrows-"));
  trees.push(root);
  write(root, { ...CLEAN, ...TARGETS, ...fault });
  write(root, { "package.json": "{}", "tsconfig.base.json": "{}" });
  for (const name of LIBRARIES) {
    const folder = `node_modules/${name}`;
    write(root, {
      [`${folder}/package.json`]: `{"name":"${name}","main":"index.js"}`,
      [`${folder}/index.js`]: "",
    });
  }
  mkdirSync(join(root, "node_modules/@nebula"));
  for (const name of PACKAGES) {
    const exports = { ".": { "@nebula/source": "./src/index.ts", default: "./dist/index.js" } };
    write(root, { [`packages/${name}/package.json`]: JSON.stringify({ name: `@nebula/${name}`, exports }) });
    symlinkSync(`../../packages/${name}`, join(root, "node_modules/@nebula", name));
  }
  return root;
}

test("a tree that follows the arrows has no fault, and all of it is seen", async () => {
  const cruise = await cruiseTree(plant());

  expect(cruise.faults).toEqual([]);
  expect(unseenFolders(cruise)).toEqual([]);
  expect(cruise.modules).toEqual(expect.arrayContaining(Object.keys(CLEAN)));
});

test.each(FAULTS)("%s: a planted fault in %s is named", async (rule, file, source) => {
  const before = CLEAN[file] ?? "";

  const { faults } = await cruiseTree(plant({ [file]: `${before}\n${source}` }));

  expect(faults.filter(({ from }) => from === file).map((fault) => fault.rule)).toContain(rule);
});

test("every rule has a planted fault", () => {
  const ruleSet = createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as {
    forbidden: { name: string }[];
  };

  const planted = new Set(FAULTS.map(([rule]) => rule));

  expect(ruleSet.forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
});

test("a folder of which nothing was read is named", () => {
  const cruise = { folders: ["packages/a/src", "scripts"], modules: ["scripts/check.ts"], faults: [] };

  expect(unseenFolders(cruise)).toEqual(["packages/a/src"]);
});
