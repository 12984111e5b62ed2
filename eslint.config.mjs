import jupyter from "@jupyter/eslint-plugin";
import tseslint from "typescript-eslint";

const TESTS = ["**/test/**", "test/**"];
const COMMAND_LINES = [
  "infra/devnet/test/victims/**",
  "scripts/**",
  "**/scripts/**",
  "bench/**",
  "infra/devnet/src/**",
  "test/**",
];
const MAINS = ["**/src/main.ts", "**/src/cli/**", ...COMMAND_LINES];
const ENVIRONMENT = ["**/config/env.ts", "*.config.ts", ...COMMAND_LINES, ...TESTS];
const DEFAULT_EXPORTS = [
  "*.config.{ts,mjs}",
  "packages/jupyter-extension/src/index.ts",
  "scripts/test/vitest-tally.ts",
];

const ban = (selector, message) => ({ selector, message });
const bans = {
  enum: ban("TSEnumDeclaration", "Use a union or an `as const` table: enums do not survive type stripping."),
  namespace: ban("TSModuleDeclaration[kind='namespace']", "Use a module."),
  defaultExport: ban("ExportDefaultDeclaration", "Use a named export."),
  environment: ban(
    "MemberExpression[object.name='process'][property.name='env']",
    "Read the environment in config/env.ts only.",
  ),
  exit: ban(
    "MemberExpression[object.name='process'][property.name='exit']",
    "Set process.exitCode in main, and let the loop end.",
  ),
  // `new Date(value)` reads no clock, so it stays allowed.
  newDate: ban("NewExpression[callee.name='Date'][arguments.length=0]", "Take a Clock."),
  dateNow: ban("CallExpression[callee.object.name='Date'][callee.property.name='now']", "Take a Clock."),
};

/** The syntax rule replaces as a whole, so each override names what it lets through. */
function syntaxWithout(...allowed) {
  const kept = Object.entries(bans).filter(([name]) => !allowed.includes(name));
  return ["error", ...kept.map(([, entry]) => entry)];
}

export default tseslint.config(
  {
    ignores: [
      "**/node_modules/**",
      "**/dist/**",
      "**/lib/**",
      "**/out/**",
      "**/cache/**",
      "**/output/**",
      "**/fixtures/**",
      "**/generated/**",
      "**/labextension/**",
      ".nebula/**",
      "coverage/**",
    ],
  },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-console": "error",
      "no-restricted-syntax": syntaxWithout(),
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 3],
      "max-depth": ["error", 3],
      complexity: ["error", 10],
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // `async` on the implementation of a port turns a throw into a rejection, awaited or not.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/no-misused-promises": [
        "error",
        { checksVoidReturn: { arguments: true, attributes: false } },
      ],
    },
  },
  { files: ["**/*.mjs"], extends: [tseslint.configs.recommended], rules: { eqeqeq: "error" } },
  { files: ENVIRONMENT, rules: { "no-restricted-syntax": syntaxWithout("environment") } },
  {
    files: MAINS,
    rules: {
      "no-console": "off",
      "no-restricted-syntax": syntaxWithout("environment", "exit", "newDate", "dateNow"),
    },
  },
  {
    files: ["**/src/main.ts", "**/src/cli/**"],
    rules: { "no-restricted-syntax": syntaxWithout("exit") },
  },
  {
    files: TESTS,
    rules: {
      "max-lines-per-function": "off",
      // A row of a table of cases arrives as parameters.
      "max-params": "off",
      "no-restricted-syntax": syntaxWithout("environment", "newDate", "dateNow"),
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: DEFAULT_EXPORTS,
    rules: { "no-restricted-syntax": syntaxWithout("defaultExport", "environment") },
  },
  {
    files: ["packages/jupyter-extension/src/**/*.{ts,tsx}"],
    plugins: { jupyter },
    // The first of the recommended set is for sources; the others are for schemas and browser tests.
    // Lazy imports are not asked for module by module: the libraries that are large (sockets, signatures) are imported where
    // they are first needed, and the rest is one bundle that the build script measures.
    rules: { ...jupyter.configs.recommended[0].rules, "jupyter/prefer-lazy-imports": "off" },
  },
);
