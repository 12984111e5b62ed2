import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Contract, JsonRpcProvider } from "ethers";
import { tokenAbi } from "@nebula/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startChain } from "../src/parts/chain/index.ts";
import type { ChainHandle } from "../src/parts/chain/index.ts";
import { deployContracts } from "../src/parts/deploy.ts";
import { writeDurably } from "../src/process/private-file.ts";
import { freePort } from "../src/process/ports.ts";
import { temporaryFolder } from "./support/folder.ts";
import { whyNoChain } from "./support/missing-part.ts";

const why = whyNoChain();
const SUPPLY = 6_700_000_000n * 10n ** 18n;

describe.skipIf(why !== undefined)(`deployment (${why ?? "anvil is there"})`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let chain: ChainHandle;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const parts = {
      stateFolder: join(folder.path, "chain"),
      logFile: join(folder.path, "log"),
      webOrigins: [],
    };
    chain = await startChain({ ...parts, port: await freePort(), log: () => undefined });
  });
  afterAll(async () => {
    await chain[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const deploy = (name: string, log: (line: string) => void = () => undefined) =>
    deployContracts({ chain, stateFolder: join(folder.path, name), log });

  test("puts the contracts on the chain once, with the whole supply at the owner", async () => {
    const first = await deploy("once");
    const second = await deploy("once");

    const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true });
    const supply: unknown = await new Contract(first.token, tokenAbi, provider).getFunction("balanceOf")(
      first.owner,
    );
    provider.destroy();
    expect(supply).toBe(SUPPLY);
    expect(first.status).toBe("deployed");
    expect(second).toEqual({ ...first, status: "kept" });
    expect((await stat(first.serverKeyFile)).mode & 0o077).toBe(0);
  });

  test("replaces what has changed, keeps the rest, and says so", async () => {
    const lines: string[] = [];
    const first = await deploy("changed");
    const record = {
      token: { address: first.token, digest: await digestOf("changed", "token") },
      escrow: { address: first.escrow, digest: "of other code" },
    };
    await writeDurably(join(folder.path, "changed/contracts.json"), JSON.stringify(record));

    const second = await deploy("changed", (line) => lines.push(line));

    expect(second).toMatchObject({
      status: "replaced",
      token: first.token,
      previous: { token: first.token, escrow: first.escrow },
    });
    expect(second.escrow).not.toBe(first.escrow);
    expect(lines.join()).toContain("deployed anew");
  });

  async function digestOf(name: string, contract: string): Promise<string> {
    const record = JSON.parse(await readFile(join(folder.path, name, "contracts.json"), "utf8")) as Record<
      string,
      { digest: string }
    >;
    return record[contract]?.digest ?? "";
  }
});
