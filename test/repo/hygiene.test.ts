import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { addressedFolders, missingFolders } from "../../scripts/lock/complete.ts";
import type { Lock } from "../../scripts/lock/complete.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const BINARY = /\.(png|jpg|ico|woff2?|gz|zip|pdf)$/;

const tracked = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const texts = tracked.filter((file) => !BINARY.test(file));

/** `file:line` of every line that matches. */
function linesMatching(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${String(index + 1)}`] : [])),
  );
}

/** The targets of a page's links that point into this repository, without their fragments. */
function linksOf(file: string): string[] {
  const prose = read(file).replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target = ""]) => target);
  return targets
    .filter((target) => !/^([a-z][a-z+.-]*:|#)/i.test(target))
    .map((target) => decodeURI(target.replace(/#.*$/, "")));
}

test.each(["LICENSE", "README.md", "CONTRIBUTING.md", "GLOSSARY.md", "ARCHITECTURE.md", ".ci/run"])(
  "%s is there",
  (file) => {
    expect(tracked).toContain(file);
  },
);

test("the lock file is complete and names no address", () => {
  const lock = JSON.parse(read("package-lock.json")) as Lock;

  expect(missingFolders(lock)).toEqual([]);
  expect(addressedFolders(lock)).toEqual([]);
});

test("no file names a folder of one person's machine", () => {
  // The home of a user, wherever such a folder stands as the start of a path.
  const homes = /(^|[\s"'`(=:])(\/home\/[a-z][\w-]*\/|\/Users\/\w+\/|\/root\/|[A-Z]:\\Users\\)/;

  expect(linesMatching(texts, homes)).toEqual([]);
});

test("no file names the folder of this clone", (context) => {
  if (dirname(ROOT) === "/") context.skip(`${ROOT} is too short a name to search for`);
  const literal = ROOT.replaceAll(/[^\w/]/g, "\\$&");

  expect(linesMatching(texts, new RegExp(`(^|[^\\w/.])${literal}(/|\\b)`))).toEqual([]);
});

test("no file holds a private key in PEM form", () => {
  const begin = new RegExp("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----");

  expect(linesMatching(texts, begin)).toEqual([]);
});

test("every link between pages leads to a file", () => {
  const pages = tracked.filter((file) => file.endsWith(".md"));

  const dead = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(ROOT, target.startsWith("/") ? "" : dirname(page), target)))
      .map((target) => `${page} → ${target}`),
  );

  expect(dead).toEqual([]);
});

test("every decision record is numbered once and has its four parts", () => {
  const records = tracked.filter((file) => /^docs\/adr\/\d{4}-.*\.md$/.test(file));
  const parts = ["Date:", "Status:", "## Context", "## Decision", "## Consequences"];

  const incomplete = records.filter((file) => !parts.every((part) => read(file).includes(part)));
  const numbers = records.map((file) => file.slice("docs/adr/".length, "docs/adr/".length + 4));

  expect(records.length).toBeGreaterThan(0);
  expect(incomplete).toEqual([]);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test("a package inherits the rules of the compiler from one file", () => {
  const settings = tracked.filter((file) => /^(packages|infra)\/[^/]+\/tsconfig\.json$/.test(file));

  const loose = settings.filter((file) => {
    const { extends: base, compilerOptions = {} } = JSON.parse(read(file)) as {
      extends: string;
      compilerOptions?: Record<string, unknown>;
    };
    const weakened = Object.keys(compilerOptions).filter((key) =>
      /^(strict|no[A-Z]|exact|erasable|verbatim)/.test(key),
    );
    return base !== "../../tsconfig.base.json" || weakened.length > 0;
  });

  expect(settings.length).toBeGreaterThan(0);
  expect(loose).toEqual([]);
});
