import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ENVIRONMENT_NAMES } from "../src/config/env.ts";
import { startPostgres, type TestCluster } from "./postgres.ts";

const MAIN = new URL("../src/main.ts", import.meta.url).pathname;
let cluster: TestCluster;
let folder: string;

beforeAll(async () => {
  cluster = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), "nebula-main-"));
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function start(settings: Record<string, string>) {
  const inherited = Object.entries(process.env).filter(([name]) => !ENVIRONMENT_NAMES.includes(name));
  const env = { ...Object.fromEntries(inherited), ...settings };
  const child = spawn(process.execPath, ["--conditions=@nebula/source", MAIN], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  return { child, said };
}

test("the server starts from the environment, makes its master key, and ends at a signal", async () => {
  const keyFile = join(folder, "chain.key");
  await writeFile(keyFile, "11".repeat(32), { mode: 0o600 });
  const masterKeyFile = join(folder, "vault", "master.key");
  const { child, said } = start({
    NEBULA_PORT: "0",
    NEBULA_DATABASE_URL: await cluster.createDatabase(),
    NEBULA_CHAIN_TOKEN: `0x${"70".repeat(20)}`,
    NEBULA_CHAIN_ESCROW: `0x${"e5".repeat(20)}`,
    NEBULA_CHAIN_KEY_FILE: keyFile,
    NEBULA_MASTER_KEY_FILE: masterKeyFile,
    NEBULA_IMAGES: '[{"name":"coursework","title":"Coursework","tag":"t"}]',
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", () => {
      const match = /"url":"([^"]+)"/.exec(said.out);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once("exit", () => reject(new Error(said.err)));
  });

  const health = await fetch(`${url}/healthz`);
  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number | null];

  expect(health.status).toBe(200);
  expect((await stat(masterKeyFile)).mode & 0o777).toBe(0o600);
  expect([code, said.err]).toEqual([0, ""]);
});

test("settings that cannot be used are all named at once", async () => {
  const { child, said } = start({ NEBULA_PORT: "no" });

  const [code] = (await once(child, "exit")) as [number | null];

  expect(code).toBe(1);
  for (const name of ["port", "databaseUrl", "chain.token", "masterKeyFile", "images"])
    expect(said.err).toContain(name);
});
