import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startChain } from "../src/parts/chain/index.ts";
import type { ChainHandle } from "../src/parts/chain/index.ts";
import { CHAIN_ID } from "../src/parts/chain/genesis.ts";
import { RpcError, rpcCaller } from "../src/parts/chain/json-rpc.ts";
import type { RpcCall } from "../src/parts/chain/json-rpc.ts";
import { freePort } from "../src/process/ports.ts";
import { temporaryFolder } from "./support/folder.ts";
import { whyNoChain } from "./support/missing-part.ts";
import { isAlive, startVictim } from "./support/victim.ts";

const why = whyNoChain();
const PAYEE = `0x${"22".repeat(20)}`;
const FREE = { type: 2, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, gasLimit: 200_000n } as const;
// Creates a contract that emits a log with the data 0x2a: PUSH1 2a, PUSH1 0, MSTORE, PUSH1 20, PUSH1 0, LOG0.
const LOGGER = "0x600a600c600039600a6000f3602a60005260206000a0";

interface Change {
  readonly to?: string;
  readonly data?: string;
  readonly value?: bigint;
  readonly nonce: number;
}

async function signed(sender: Wallet, change: Change): Promise<string> {
  return await sender.signTransaction({ ...FREE, chainId: CHAIN_ID, ...change });
}

interface OpenChain extends AsyncDisposable {
  readonly chain: ChainHandle;
  readonly call: RpcCall;
  readonly owner: Wallet;
}

async function open(folder: string): Promise<OpenChain> {
  const port = await freePort();
  const parts = {
    stateFolder: folder,
    logFile: join(folder, "anvil.log"),
    webOrigins: [],
    log: () => undefined,
  };
  const chain = await startChain({ ...parts, port });
  const dispose = (): PromiseLike<void> => chain[Symbol.asyncDispose]();
  return {
    chain,
    call: rpcCaller(chain.url),
    owner: new Wallet(chain.ownerKey),
    [Symbol.asyncDispose]: dispose,
  };
}

async function refusal(work: Promise<unknown>): Promise<RpcError> {
  const error: unknown = await work.catch((failure: unknown) => failure);
  if (error instanceof RpcError) return error;
  throw new Error(`it was not refused: ${String(error)}`);
}

describe.skipIf(why !== undefined)(`a chain (${why ?? "anvil is there"})`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let opened: OpenChain;
  let call: RpcCall;

  beforeAll(async () => {
    folder = await temporaryFolder();
    opened = await open(folder.path);
    call = opened.call;
  });
  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const nextNonce = async (): Promise<number> =>
    Number(await call("eth_getTransactionCount", [opened.owner.address, "latest"]));
  const send = async (change: Change): Promise<unknown> =>
    await call("eth_sendRawTransaction", [await signed(opened.owner, change)]);

  test("a transaction is mined when the call returns", async () => {
    const hash = await send({ to: PAYEE, value: 1n, nonce: await nextNonce() });

    expect(await call("eth_getTransactionReceipt", [hash])).toMatchObject({ status: "0x1" });
  });

  test("an account without coins can send, because gas is free", async () => {
    const stranger = new Wallet(Wallet.createRandom().privateKey);

    const hash = await call("eth_sendRawTransaction", [await signed(stranger, { to: PAYEE, nonce: 0 })]);

    expect(hash).toMatch(/^0x[0-9a-f]{64}$/);
    expect([await call("eth_gasPrice"), await call("eth_maxPriorityFeePerGas")]).toEqual(["0x0", "0x0"]);
  });

  test.each([
    [-1, "nonce too low"],
    [1, "nonce too high"],
  ])("a nonce that is off by %i is refused and nothing is mined", async (off, said) => {
    const nonce = (await nextNonce()) + off;
    const block = await call("eth_blockNumber");

    expect((await refusal(send({ to: PAYEE, nonce }))).message).toContain(said);
    expect(await call("eth_blockNumber")).toBe(block);
  });

  test.each([
    ["anvil_setBalance"],
    ["evm_increaseTime"],
    ["hardhat_impersonateAccount"],
    ["personal_sign"],
    ["eth_sendTransaction"],
    ["eth_sign"],
    ["debug_traceTransaction"],
    ["txpool_content"],
    ["toString"],
  ])("%s is not offered", async (method) => {
    expect((await refusal(call(method, []))).code).toBe(-32_601);
  });

  test("a transaction for another chain is refused", async () => {
    const raw = await opened.owner.signTransaction({
      ...FREE,
      chainId: 1,
      to: PAYEE,
      nonce: await nextNonce(),
    });

    const { message } = await refusal(call("eth_sendRawTransaction", [raw]));

    expect(message).toContain("expected chain id 8686");
  });

  test("a transaction that costs more than its sender has is refused, and the next one is mined", async () => {
    const nonce = await nextNonce();

    const { code } = await refusal(send({ to: PAYEE, value: 10n ** 30n, nonce }));

    expect(code).toBe(-32_003);
    expect(await send({ to: PAYEE, value: 1n, nonce })).toMatch(/^0x/);
  });

  test("transactions sent at once by several accounts are all mined", async () => {
    const senders = Array.from({ length: 12 }, () => new Wallet(Wallet.createRandom().privateKey));

    const hashes = await Promise.all(
      senders.map(
        async (sender) =>
          await call("eth_sendRawTransaction", [await signed(sender, { to: PAYEE, nonce: 0 })]),
      ),
    );

    for (const hash of hashes)
      expect(await call("eth_getTransactionReceipt", [hash])).toMatchObject({ status: "0x1" });
  });

  test("a call as of latest sees the present time, even when the newest block is old", async () => {
    const clock = { [PAYEE]: { code: "0x4260005260206000f3" } }; // TIMESTAMP, stored and returned

    const seen = Number(await call("eth_call", [{ to: PAYEE }, "latest", clock]));

    expect(Math.abs(seen - Date.now() / 1000)).toBeLessThan(30);
  });

  test("a node that dies is replaced by one with the same chain", async () => {
    const hash = await send({ to: PAYEE, value: 1n, nonce: await nextNonce() });
    const before = await call("eth_getTransactionReceipt", [hash]);
    const killed = await opened.chain.nodePid();

    process.kill(killed, "SIGKILL");

    await expect.poll(() => opened.chain.nodePid(), { timeout: 20_000 }).not.toBe(killed);
    expect(await call("eth_getTransactionReceipt", [hash])).toEqual(before);
  });
});

describe.skipIf(why !== undefined)("a chain after a restart", () => {
  test("has the same receipts, logs, blocks and key, from the snapshot and from the journal alone", async () => {
    await using folder = await temporaryFolder();
    const first = await open(folder.path);
    const hash = await logOnce(first);
    const seen = await everything(first.call, hash);
    await first[Symbol.asyncDispose]();

    const second = await open(folder.path);
    expect(await everything(second.call, hash)).toEqual(seen);
    expect(second.chain.ownerKey).toBe(first.chain.ownerKey);
    await second[Symbol.asyncDispose]();
    const snapshot = join(folder.path, "snapshot");
    await writeFile(snapshot, (await readFile(snapshot)).subarray(0, 900));

    await using third = await open(folder.path);
    expect(await everything(third.call, hash)).toEqual(seen);
  });

  test("goes on where it was: new blocks follow the old ones", async () => {
    await using folder = await temporaryFolder();
    const first = await open(folder.path);
    await logOnce(first);
    await first[Symbol.asyncDispose]();

    await using second = await open(folder.path);
    await second.call("eth_sendRawTransaction", [await signed(second.owner, { to: PAYEE, nonce: 2 })]);

    const old = (await second.call("eth_getBlockByNumber", ["0x2", false])) as { hash: string };
    expect(await second.call("eth_getBlockByNumber", ["0x3", false])).toMatchObject({ parentHash: old.hash });
  });

  test("refuses a journal that is shorter than what its snapshot covers", async () => {
    await using folder = await temporaryFolder();
    const first = await open(folder.path);
    await logOnce(first);
    await first[Symbol.asyncDispose]();
    await writeFile(join(folder.path, "journal"), "");

    await expect(open(folder.path)).rejects.toThrow("is shorter than its snapshot");
  });

  test("whose process was killed leaves no node behind", async () => {
    await using folder = await temporaryFolder();
    await using victim = await startVictim("chain.ts", [String(await freePort()), folder.path]);
    const node = Number(victim.said["nodePid"]);

    await victim.kill();

    await expect.poll(() => isAlive(node), { timeout: 20_000 }).toBe(false);
  });
});

/** Deploys the logger with nonce 0 and calls it with nonce 1; gives the hash of the call. */
async function logOnce({ call, owner }: OpenChain): Promise<unknown> {
  const creation = await call("eth_sendRawTransaction", [await signed(owner, { data: LOGGER, nonce: 0 })]);
  const receipt = (await call("eth_getTransactionReceipt", [creation])) as { contractAddress: string };
  return await call("eth_sendRawTransaction", [
    await signed(owner, { to: receipt.contractAddress, nonce: 1 }),
  ]);
}

async function everything(call: RpcCall, hash: unknown): Promise<unknown> {
  const logs = (await call("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }])) as unknown[];
  expect(logs).toHaveLength(1);
  return {
    logs,
    receipt: await call("eth_getTransactionReceipt", [hash]),
    transaction: await call("eth_getTransactionByHash", [hash]),
    genesis: await call("eth_getBlockByNumber", ["0x0", true]),
    newest: await call("eth_getBlockByNumber", ["latest", true]),
  };
}
