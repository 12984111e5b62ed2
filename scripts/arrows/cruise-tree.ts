import { existsSync, globSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ICruiseOptions, ICruiseResult, IFlattenedRuleSet } from "dependency-cruiser";
import { cruise } from "dependency-cruiser";

/** One import against the arrows. */
export interface Fault {
  readonly rule: string;
  readonly comment: string;
  readonly from: string;
  readonly to: string;
}

/** What a cruise saw: the folders it was given, the modules it read there, the faults it found. */
export interface Cruise {
  readonly folders: readonly string[];
  readonly modules: readonly string[];
  readonly faults: readonly Fault[];
}

interface RuleSet {
  readonly forbidden: IFlattenedRuleSet["forbidden"];
  readonly options: ICruiseOptions;
}

const RULES = join(import.meta.dirname, "../../.dependency-cruiser.cjs");
const PATTERNS = ["packages/*/src", "packages/*/scripts", "infra/*/src", "scripts", "bench"];

function foldersOf(root: string): string[] {
  return PATTERNS.flatMap((pattern) => globSync(pattern, { cwd: root })).filter(
    (folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root }).length > 0,
  );
}

/** Reads every source below `root`, laid out as this repository, and compares its imports with the rules. */
export async function cruiseTree(root: string): Promise<Cruise> {
  const { forbidden, options } = createRequire(import.meta.url)(RULES) as RuleSet;
  const folders = foldersOf(root);
  const tsConfig = join(root, "tsconfig.base.json");
  const { output } = await cruise(folders, {
    ...options,
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: forbidden ?? [] },
    ...(existsSync(tsConfig) ? { tsConfig: { fileName: tsConfig } } : {}),
  });
  const { modules, summary } = output as ICruiseResult;
  const comments = new Map(forbidden?.map((rule) => [rule.name, rule.comment ?? ""]));
  return {
    folders,
    modules: modules.map((module) => module.source).filter((source) => !source.includes("node_modules")),
    faults: summary.violations.map(({ rule, from, to }) => ({
      rule: rule.name,
      comment: comments.get(rule.name) ?? "",
      from,
      to,
    })),
  };
}

/** The folders with sources of which the cruise read nothing: without a compiler it passes over them in silence. */
export function unseenFolders({ folders, modules }: Cruise): string[] {
  return folders.filter((folder) => !modules.some((module) => module.startsWith(`${folder}/`)));
}
