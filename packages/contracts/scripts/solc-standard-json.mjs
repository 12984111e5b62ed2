#!/usr/bin/env node
// The compiler of the npm package `solc` behind the two command lines forge calls it with.
//
// forge names a source above the project's folder by its relative path where it is imported through a remapping, and
// by its absolute path where a library imports its neighbour. The JavaScript compiler reads no files, so that it would
// miss the second; all names are made relative here, which also keeps the place of the checkout out of the compilation.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");
const LIBRARIES = "/node_modules/";

function renameKeys(table, rename) {
  return Object.fromEntries(Object.entries(table ?? {}).map(([key, value]) => [rename(key), value]));
}

function compile(text) {
  const input = JSON.parse(text);
  const given = new Map();
  const toRelative = (name) => {
    const from = name.startsWith("/") ? name.lastIndexOf(LIBRARIES) : -1;
    if (from < 0) return name;
    const relative = `../..${name.slice(from)}`;
    given.set(relative, name);
    return relative;
  };
  const toGiven = (name) => given.get(name) ?? name;
  input.sources = renameKeys(input.sources, toRelative);
  input.settings.outputSelection = renameKeys(input.settings.outputSelection, toRelative);
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  return {
    ...output,
    sources: renameKeys(output.sources, toGiven),
    contracts: renameKeys(output.contracts, toGiven),
  };
}

if (process.argv.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (process.argv.includes("--standard-json")) {
  process.stdout.write(JSON.stringify(compile(readFileSync(0, "utf8"))));
} else {
  process.stderr.write("Expected --version or --standard-json\n");
  process.exitCode = 2;
}
