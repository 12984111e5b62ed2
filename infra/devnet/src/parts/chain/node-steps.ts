import type { Anvil } from "./anvil.ts";
import type { JournalEntry } from "./journal.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";

/**
 * Puts one journal entry into a block of its own, and gives the transaction's hash. Given the same state it always does
 * the same, so a replay ends in the same chain. Throws `RpcError` when the node refuses it.
 */
export async function applyEntry(node: Anvil, entry: JournalEntry): Promise<string> {
  const hash = String(await node.call("eth_sendRawTransaction", [entry.raw]));
  await node.call("evm_mine", [{ timestamp: entry.at }]);
  if ((await node.call("eth_getTransactionReceipt", [hash])) !== null) return hash;
  await node.call("anvil_dropTransaction", [hash]);
  throw new RpcError(RPC_CODES.rejected, "the transaction was not mined");
}

/** Time of the newest block, unix seconds. */
export async function newestBlockTime(node: Anvil): Promise<number> {
  const block = (await node.call("eth_getBlockByNumber", ["latest", false])) as {
    readonly timestamp: string;
  }; // Ethereum JSON-RPC: a block
  return Number(block.timestamp);
}

/** The number of transactions mined for `address`: the nonce its next one must have. */
export async function nextNonce(node: Anvil, address: string): Promise<number> {
  return Number(await node.call("eth_getTransactionCount", [address, "latest"]));
}
