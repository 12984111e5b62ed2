import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { IMAGE_NAMES, imageTag, packagesTag } from "../src/index.ts";
import { IMAGE_CHANGES, PACKAGE_DIR } from "../src/recipe.ts";

const read = (path: string) => readFileSync(join(PACKAGE_DIR, path), "utf8");

describe.each(IMAGE_NAMES)("the image %s", (name) => {
  it("has a tag that depends on its inputs alone", () => {
    expect(imageTag(name)).toMatch(new RegExp(`^nebula/kernel-${name}:[0-9a-f]{12}$`));
    expect(imageTag(name)).toBe(imageTag(name));
    expect(packagesTag(name)).not.toBe(imageTag(name));
  });

  it("locks every package with hashes and names no host", () => {
    const lock = read(`images/${name}/requirements.lock`);

    const packages = lock.match(/^[a-z0-9-]+(\[[a-z0-9,]+\])?==/gm) ?? [];
    const unhashed = lock.split(/\n(?=[a-z0-9])/).filter((entry) => !entry.includes("--hash=sha256:"));
    expect(packages.length).toBeGreaterThan(20);
    expect(unhashed).toEqual([]);
    expect(lock).not.toMatch(/https?:|index-url|find-links/);
  });
});

it("images differ", () => {
  expect(new Set(IMAGE_NAMES.map(imageTag)).size).toBe(IMAGE_NAMES.length);
});

describe.each(["cpu", "cuda"])("the Dockerfile for %s", (variant) => {
  const dockerfile = read(`images/${variant}/Dockerfile`);

  it("lays the same runner on a lock with hashes", () => {
    expect(dockerfile).toContain("--require-hashes --no-deps");
    expect(dockerfile).toMatch(/COPY images\/(\$\{IMAGE\}|cuda)\/requirements\.lock/);
    expect(dockerfile).toContain("COPY nebula_kernel/*.py");
    expect(dockerfile).toContain('"-I", "-m", "nebula_kernel"');
    expect(IMAGE_CHANGES.join("\n")).toContain('"-I","-m","nebula_kernel"');
  });
});

it("the CUDA lock holds the versions of the CPU lock", () => {
  const versions = (path: string) =>
    new Map([...read(path).matchAll(/^([a-z0-9-]+)==(\S+)/gm)].map(([, name, version]) => [name, version]));
  const cuda = versions("images/cuda/requirements.lock");

  const different = [...versions("images/coursework/requirements.lock")].filter(
    ([name, version]) => cuda.get(name) !== version,
  );
  expect(different).toEqual([]);
  expect(cuda.has("jax-cuda12-plugin")).toBe(true);
});
