import { randomInt } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Wallet } from "ethers";
import { expect, test } from "vitest";
import { rpcCaller } from "../src/parts/chain/json-rpc.ts";
import type { RpcCall } from "../src/parts/chain/json-rpc.ts";
import { CHAIN_ID } from "../src/parts/chain/genesis.ts";
import { readSnapshot } from "../src/parts/chain/snapshot.ts";
import { freePort } from "../src/process/ports.ts";
import { temporaryFolder } from "./support/folder.ts";
import { whyNoChain } from "./support/missing-part.ts";
import { startVictim } from "./support/victim.ts";

const ROUNDS = 20;
const PAYEE = `0x${"11".repeat(20)}`;

interface Acknowledged {
  readonly hash: string;
  readonly blockHash: string;
}

/** Sends transfers of one base unit until the chain is gone; `acknowledged` gets each one whose receipt was seen. */
async function sendUntilGone(chain: RpcCall, sender: Wallet, acknowledged: Acknowledged[]): Promise<void> {
  let nonce = Number(await chain("eth_getTransactionCount", [sender.address, "latest"]));
  for (; ; nonce += 1) {
    const raw = await transfer(sender, nonce);
    try {
      const hash = String(await chain("eth_sendRawTransaction", [raw]));
      const receipt = (await chain("eth_getTransactionReceipt", [hash])) as { blockHash: string };
      acknowledged.push({ hash, blockHash: receipt.blockHash });
    } catch {
      return; // the kill came in between: this one is not acknowledged
    }
  }
}

async function transfer(sender: Wallet, nonce: number): Promise<string> {
  const free = { gasLimit: 21_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
  return await sender.signTransaction({ type: 2, chainId: CHAIN_ID, nonce, to: PAYEE, value: 1n, ...free });
}

/** Block hashes of these transactions, asked for in batches; undefined where a receipt is missing. */
async function blockHashesOf(url: string, transactions: readonly Acknowledged[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let first = 0; first < transactions.length; first += 200) {
    const batch = transactions.slice(first, first + 200).map(({ hash }, id) => {
      return { jsonrpc: "2.0", id, method: "eth_getTransactionReceipt", params: [hash] };
    });
    const response = await fetch(url, { method: "POST", body: JSON.stringify(batch) });
    const answers = (await response.json()) as { result: { blockHash: string } | null }[]; // in the batch's order
    found.push(...answers.map(({ result }) => result?.blockHash));
  }
  return found;
}

test(`no acknowledged transfer is lost or doubled over ${ROUNDS} kills of everything at any moment`, async (context) => {
  const why = whyNoChain();
  if (why !== undefined) context.skip(why);
  await using folder = await temporaryFolder();
  const acknowledged: Acknowledged[] = [];
  const port = await freePort();
  const sentOfRound: number[] = [];

  for (let round = 0; round < ROUNDS; round += 1) {
    await using victim = await startVictim("chain.ts", [String(port), folder.path]);
    const chain = rpcCaller(String(victim.said["url"]));
    const sender = new Wallet(String(victim.said["ownerKey"]));
    const nonce = Number(await chain("eth_getTransactionCount", [sender.address, "latest"]));
    expect(nonce - acknowledged.length).toBeGreaterThanOrEqual(0);
    expect(nonce - acknowledged.length).toBeLessThanOrEqual(round);
    expect(BigInt(String(await chain("eth_getBalance", [PAYEE, "latest"])))).toBe(BigInt(nonce));
    const recent = acknowledged.slice(-200);
    expect(await blockHashesOf(String(victim.said["url"]), recent)).toEqual(
      recent.map((each) => each.blockHash),
    );

    const before = acknowledged.length;
    const sending = sendUntilGone(chain, sender, acknowledged);
    await delay(round % 4 === 0 ? randomInt(1_000, 1_500) : randomInt(20, 400)); // snapshots begin after a second
    process.kill(Number(victim.said["nodePid"]), "SIGKILL");
    await victim.kill();
    await sending;
    sentOfRound.push(acknowledged.length - before);
  }

  await using last = await startVictim("chain.ts", [String(port), folder.path]);
  expect(await blockHashesOf(String(last.said["url"]), acknowledged)).toEqual(
    acknowledged.map((each) => each.blockHash),
  );
  expect(await readSnapshot(join(folder.path, "snapshot"))).toBeDefined();
  expect(sentOfRound.filter((sent) => sent > 0).length).toBeGreaterThan(ROUNDS / 2);
});
