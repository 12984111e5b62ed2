import type { Skip, Tally } from "./tally.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#10": " ",
};

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
  return value.replaceAll(/&(#?\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
}

function skipOf(testcase: string): Skip {
  const skipped = /<skipped[^>]*>/.exec(testcase)?.[0] ?? "";
  return {
    name: `${attribute(testcase, "classname")} › ${attribute(testcase, "name")}`,
    reason: attribute(skipped, "message"),
  };
}

/** The tally of a report that pytest writes with `--junitxml`; errors of set-up count as failures. */
export function parseJunit(xml: string): Tally | undefined {
  if (!xml.includes("<testsuite ")) return undefined;
  const cases = xml.match(/<testcase\b[^>]*\/>|<testcase\b[^>]*>[\s\S]*?<\/testcase>/g) ?? [];
  const failed = cases.filter((one) => /<(failure|error)\b/.test(one));
  const skipped = cases.filter((one) => one.includes("<skipped") && !failed.includes(one));
  return {
    passed: cases.length - failed.length - skipped.length,
    failed: failed.length,
    skipped: skipped.map(skipOf),
  };
}
