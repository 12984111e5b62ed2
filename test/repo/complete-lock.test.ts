import { expect, test } from "vitest";
import type { Lock } from "../../scripts/lock/complete.ts";
import { addressedFolders, completeLock, missingFolders, platformOf } from "../../scripts/lock/complete.ts";

const native = (version: string) => ({ version, optionalDependencies: { "tool-darwin-arm64": version } });

test.each([
  ["@scope/binding-darwin-arm64", { os: ["darwin"], cpu: ["arm64"] }],
  ["@scope/binding-linux-x64-musl", { os: ["linux"], cpu: ["x64"], libc: ["musl"] }],
  ["@scope/tool-win32-amd64", { os: ["win32"], cpu: ["x64"] }],
  ["css-linux-arm-gnueabihf", { os: ["linux"], cpu: ["arm"], libc: ["glibc"] }],
  ["@linux-foundation/plain", {}],
])("the name %s tells its platform", (name, platform) => {
  expect(platformOf(name)).toEqual(platform);
});

test("a package of another platform that npm left out is added", () => {
  const lock: Lock = { packages: { "": {}, "node_modules/tool": native("1.0.0") } };

  const completed = completeLock(lock);

  expect(missingFolders(lock)).toEqual(["node_modules/tool-darwin-arm64"]);
  expect(completed.packages["node_modules/tool-darwin-arm64"]).toEqual({
    version: "1.0.0",
    os: ["darwin"],
    cpu: ["arm64"],
    optional: true,
  });
  expect(missingFolders(completed)).toEqual([]);
});

test("a second version stands below the package that asks for it", () => {
  const lock = {
    packages: {
      "node_modules/tool": native("1.0.0"),
      "node_modules/old/node_modules/tool": native("0.9.0"),
    },
  };

  const { packages } = completeLock(lock);

  expect(Object.keys(packages).filter((folder) => folder.endsWith("arm64"))).toEqual([
    "node_modules/old/node_modules/tool/node_modules/tool-darwin-arm64",
    "node_modules/tool-darwin-arm64",
  ]);
});

test("a complete file and a range that npm chose to leave out stay as they are", () => {
  const lock = {
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0", optionalDependencies: { fsevents: "^2.0.0" } },
    },
  };

  expect(missingFolders(lock)).toEqual([]);
  expect(completeLock(lock)).toEqual(lock);
});

test("a package bound to an address is named, a workspace link is not", () => {
  const lock = {
    packages: {
      "node_modules/a": { version: "1.0.0", resolved: "https://packages.example/a.tgz" },
      "node_modules/b": { resolved: "packages/b", link: true },
    },
  };

  expect(addressedFolders(lock)).toEqual(["node_modules/a"]);
});
