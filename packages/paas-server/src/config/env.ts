/** Settings as the environment gives them: only read here, checked in config.ts. */
const TEXT = {
  NEBULA_CAMPUS_NAME: ["campusName"],
  NEBULA_HOST: ["host"],
  NEBULA_PUBLIC_URL: ["publicUrl"],
  NEBULA_DATABASE_URL: ["databaseUrl"],
  NEBULA_ISSUER_URL: ["issuer", "url"],
  NEBULA_ISSUER_CLIENT: ["issuer", "clientId"],
  NEBULA_ISSUER_AUDIENCE: ["issuer", "audience"],
  NEBULA_CHAIN_RPC_URL: ["chain", "rpcUrl"],
  NEBULA_CHAIN_PUBLIC_RPC_URL: ["chain", "publicRpcUrl"],
  NEBULA_CHAIN_TOKEN: ["chain", "token"],
  NEBULA_CHAIN_ESCROW: ["chain", "escrow"],
  NEBULA_CHAIN_KEY_FILE: ["chain", "keyFile"],
  NEBULA_MASTER_KEY_FILE: ["masterKeyFile"],
  NEBULA_DEFAULT_CLASS: ["defaultClass"],
  NEBULA_DEFAULT_IMAGE: ["defaultImage"],
  NEBULA_LOG_LEVEL: ["logLevel"],
} as const;
const NUMBERS = {
  NEBULA_PORT: ["port"],
  NEBULA_CHAIN_ID: ["chain", "chainId"],
  NEBULA_DATABASE_CONNECTIONS: ["databaseConnections"],
  NEBULA_QUEUED_PER_ACCOUNT: ["limits", "queuedPerAccount"],
} as const;
const LISTS = {
  NEBULA_ORIGINS: ["origins"],
  NEBULA_AUTHORIZED_PARTIES: ["issuer", "authorizedParties"],
} as const;
const JSONS = { NEBULA_IMAGES: ["images"], NEBULA_CLASSES: ["classes"] } as const;

type Tree = Record<string, unknown>;

function place(tree: Tree, path: readonly string[], value: unknown): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const branch = (tree[first] ??= {}) as Tree; // only this function writes branches
  place(branch, rest, value);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the check of the shape says what was expected
  }
}

const READERS: readonly (readonly [
  Readonly<Record<string, readonly string[]>>,
  (text: string) => unknown,
])[] = [
  [TEXT, (text) => text],
  [NUMBERS, Number],
  [
    LISTS,
    (text) =>
      text
        .split(",")
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ""),
  ],
  [JSONS, parsedJson],
];

/** Every variable that is read. */
export const ENVIRONMENT_NAMES: readonly string[] = [
  ...READERS.flatMap(([names]) => Object.keys(names)),
  "NEBULA_DEMO",
];

/** Unchecked settings from environment variables; variables that are absent or empty leave their setting out. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): Tree {
  const tree: Tree = { chain: {} };
  for (const [names, read] of READERS) {
    for (const [name, path] of Object.entries(names)) {
      const text = env[name];
      if (text !== undefined && text !== "") place(tree, path, read(text));
    }
  }
  if (env["NEBULA_DEMO"] !== undefined) tree["isDemo"] = env["NEBULA_DEMO"] === "1";
  return tree;
}
