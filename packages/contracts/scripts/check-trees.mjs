// Compares each .tree with its tests: every leaf in [brackets] is a test, and every test is a leaf.
import { readdir, readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";

const TESTS = resolve(import.meta.dirname, "../test");
const FOLDERS = ["escrow", "token"];

async function findNames(folder, files, pattern) {
  const texts = await Promise.all(files.map((file) => readFile(resolve(folder, file), "utf8")));
  return new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1])));
}

async function compareTree(folder, files, tree) {
  const stem = basename(tree, ".tree");
  const ofTree = files.filter((file) => new RegExp(`^${stem}(-[a-z-]+)?\\.t\\.sol$`).test(file));
  const leaves = await findNames(folder, [tree], /\[(test_\w+)\]/g);
  const tests = await findNames(folder, ofTree, /function (test_\w+)/g);
  return [
    ...[...leaves].filter((name) => !tests.has(name)).map((name) => `${tree}: ${name} is no test`),
    ...[...tests].filter((name) => !leaves.has(name)).map((name) => `${tree}: ${name} is in no branch`),
  ];
}

/** What is wrong between trees and tests, one line each. */
export async function compareTrees() {
  const problems = await Promise.all(
    FOLDERS.map(async (name) => {
      const folder = resolve(TESTS, name);
      const files = await readdir(folder);
      const trees = files.filter((file) => file.endsWith(".tree"));
      return Promise.all(trees.map((tree) => compareTree(folder, files, tree)));
    }),
  );
  return problems.flat(2);
}
