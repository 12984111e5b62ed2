import { defineConfig } from "vitest/config";

// Sources are tested without a build: packages resolve to their `src` by this condition.
const conditions = ["@nebula/source"];
const resolve = { conditions: [...conditions, "module", "browser", "development|production"] };
const ssr = { resolve: { conditions: [...conditions, "module", "node", "development|production"] } };

const NEVER = ["**/node_modules/**", "**/dist/**", "**/lib/**", "**/output/**"];
const LAB = "packages/jupyter-extension/test/**";
const folders = ["packages/*/test", "infra/*/test"];
const within = (pattern: string) => folders.map((folder) => `${folder}/**/${pattern}`);

export default defineConfig({
  test: {
    // Two cores: more workers only make every clock-bound test slower.
    maxWorkers: 2,
    reporters: process.stdout.isTTY ? ["default"] : [["default", { summary: false }]],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**", "infra/*/src/**"],
      reportsDirectory: "coverage",
    },
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: [...within("*.test.ts"), "test/repo/**/*.test.ts"],
          exclude: [...NEVER, "**/*.real.test.ts", LAB],
          testTimeout: 10_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "lab",
          include: [`${LAB}/*.test.{ts,tsx}`],
          exclude: [...NEVER, "**/*.real.test.ts"],
          environment: "jsdom",
          server: { deps: { inline: [/@jupyterlab\//, /@lumino\//, /@jupyter\//] } },
          // Loading the notebook widgets takes about ten seconds on a cold machine.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "real",
          include: within("*.real.test.ts"),
          exclude: NEVER,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "flow",
          include: ["test/flows/**/*.test.ts"],
          globalSetup: ["test/flows/global-setup.ts"],
          exclude: NEVER,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/browser/global-setup.ts"],
          exclude: NEVER,
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
