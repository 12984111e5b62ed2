// The arrows of ARCHITECTURE.md. `scripts/arrows.ts` runs them and asserts that modules were seen;
// `test/repo/arrows.test.ts` plants a fault for each.
const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

const library = (pattern) => ({ path: `node_modules/(@types/)?(${pattern})/` });
const APPS = "paas-server|rig-agent|jupyter-extension|console";

const PURE = ["node_modules/zod/", "node_modules/@noble/hashes/"];

/** A library that only the given places of the packages' sources may import. */
const onlyIn = (name, pattern, places) =>
  forbid(
    `${name}-in-one-place`,
    `${name} is imported in: ${places.join(", ")}`,
    { path: "^packages/[^/]+/src/", pathNot: places },
    library(pattern),
  );

module.exports = {
  forbidden: [
    forbid("no-circular", "a cycle has no direction", {}, { circular: true }),
    forbid("resolvable", "every import exists and is declared", {}, { couldNotResolve: true }),
    forbid(
      "sources-never-import-tests",
      "what ships does not know its tests",
      { path: "^(packages|infra)/[^/]+/src/" },
      { path: ["^(test|bench|scripts)/", "^packages/[^/]+/(test|scripts)/", "^infra/[^/]+/(test|scripts)/"] },
    ),
    forbid(
      "protocol-is-a-leaf",
      "shapes run in a browser and do no input or output: zod and @noble/hashes only",
      { path: "^packages/protocol/src/" },
      { pathNot: ["^packages/protocol/src/", "node_modules/(zod|@noble/hashes)/"] },
    ),
    forbid(
      "contracts-is-a-leaf",
      "the rules of money depend on nothing here",
      { path: "^packages/contracts/src/" },
      { pathNot: "^packages/contracts/src/" },
    ),
    forbid(
      "client-sees-protocol-and-contracts",
      "the way in knows shapes and ABIs",
      { path: "^packages/client/src/" },
      { path: "^(packages|infra)/", pathNot: "^packages/(client|protocol|contracts)/" },
    ),
    forbid(
      "extension-sees-client-and-protocol",
      "money and transport are the client's work",
      { path: "^packages/(jupyter-extension|console)/src/" },
      { path: "^(packages|infra)/", pathNot: "^packages/(jupyter-extension|console|client|protocol)/" },
    ),
    forbid(
      "server-and-agent-see-protocol-and-contracts",
      "they are on the other side of the client",
      { path: "^packages/(paas-server|rig-agent)/src/" },
      { path: "^(packages|infra)/", pathNot: "^packages/(paas-server|rig-agent|protocol|contracts)/" },
    ),
    forbid(
      "kernel-image-sees-protocol",
      "the workbench meets the agent on a pipe",
      { path: "^packages/kernel-image/src/" },
      { path: "^(packages|infra)/", pathNot: "^packages/(kernel-image|protocol)/" },
    ),
    forbid(
      "nobody-imports-an-app",
      "apps meet on the wire; infra/devnet, test and bench start them",
      { path: "^packages/([^/]+)/" },
      { path: `^packages/(${APPS})/`, pathNot: "^packages/$1/" },
    ),
    forbid("main-is-the-top", "composition is imported by nobody", {}, { path: "/src/main[.]ts$" }),
    forbid(
      "domain-is-pure",
      "decisions know protocol only, and the shape of the configuration",
      { path: "^packages/([^/]+)/src/domain/" },
      {
        pathNot: [
          "^packages/$1/src/(domain/|config/config[.]ts)",
          "^packages/protocol/",
          ...PURE,
          "^(node:)?(buffer|crypto|zlib)$",
        ],
      },
    ),
    forbid(
      "app-sees-domain-and-ports",
      "a use case reaches the world through its ports",
      { path: "^packages/([^/]+)/src/app/" },
      {
        pathNot: [
          "^packages/$1/src/((app|domain)/|config/config[.]ts|attacher/records[.]ts)",
          "^packages/protocol/",
          ...PURE,
          "^(node:)?(buffer|crypto|zlib)$",
        ],
      },
    ),
    forbid(
      "configuration-is-handed-in",
      "decisions and use cases import its type, never its value",
      { path: "^packages/([^/]+)/src/(app|domain)/" },
      { path: "^packages/$1/src/config/", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "edges-call-use-cases",
      "parse, call a use case, reply",
      { path: "^packages/([^/]+)/src/(http|sockets)/" },
      { path: "^packages/$1/src/(adapters|config)/" },
    ),
    forbid(
      "adapters-never-call-up",
      "an adapter implements a port and calls nobody above it",
      { path: "^packages/([^/]+)/src/adapters/" },
      { path: "^packages/$1/src/(http|sockets)/|^packages/$1/src/app/(?!ports)" },
    ),
    forbid(
      "environment-is-read-by-config",
      "only composition, at the top of src/, hands it on to be checked",
      { pathNot: "/src/config/|/src/[^/]+[.]ts$|/src/cli/|/test/" },
      { path: "/src/config/env[.]ts$" },
    ),
    onlyIn("dockerode", "dockerode", ["^packages/rig-agent/src/adapters/docker/"]),
    onlyIn("ethers", "ethers", [
      "/src/adapters/(chain|keys|vault)/",
      "/src/adapters/[^/]+/keys[.]ts$",
      "^packages/client/src/",
    ]),
    onlyIn("express", "express|helmet|cors|express-rate-limit", [
      "^packages/paas-server/src/http/",
      "^packages/paas-server/src/adapters/auth/",
    ]),
    onlyIn("socket.io", "socket[.]io", ["^packages/paas-server/src/sockets/"]),
    onlyIn("socket.io-client", "socket[.]io-client", [
      "^packages/client/src/",
      "^packages/rig-agent/src/adapters/server/",
    ]),
    onlyIn("keycloak-connect", "keycloak-connect", ["^packages/paas-server/src/adapters/auth/"]),
    onlyIn("pg", "pg|node-pg-migrate", ["^packages/paas-server/src/adapters/postgres/"]),
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/|/lib/" },
    exclude: { path: "/(dist|output|fixtures|labextension)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@nebula/source", "import", "node", "types", "default"],
    },
  },
};
