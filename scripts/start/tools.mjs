import { spawnSync } from "node:child_process";
import process from "node:process";

const TOOLS = [
  { name: "node", least: [20, 19], remedy: "install Node.js 20.19 or newer: https://nodejs.org/en/download" },
  { name: "npm", least: [10, 0], remedy: "install npm 10 or newer: npm install --global npm@11" },
  { name: "git", least: [2, 20], remedy: "install git: apt-get install -y git" },
];

/**
 * The first two numbers of a version as tools print it.
 * @param {string} text such as `v20.19.1` or `git version 2.39.5`
 * @returns {[number, number] | undefined}
 */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

/** Whether version `seen` is `least` or newer. */
export function isAtLeast(seen, least) {
  return seen[0] > least[0] || (seen[0] === least[0] && seen[1] >= least[1]);
}

function versionOf(name) {
  if (name === "node") return process.versions.node;
  const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** One sentence with a remedy for each tool that is absent or too old; empty when all is well. */
export function missingTools(readVersion = versionOf) {
  return TOOLS.flatMap(({ name, least, remedy }) => {
    const printed = readVersion(name);
    const seen = printed === undefined ? undefined : parseVersion(printed);
    if (seen !== undefined && isAtLeast(seen, least)) return [];
    return [`${name} ${least.join(".")} or newer is needed, found ${printed ?? "none"}; ${remedy}`];
  });
}
