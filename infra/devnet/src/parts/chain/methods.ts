import { RPC_CODES, RpcError } from "./json-rpc.ts";
import type { RpcRequest } from "./json-rpc.ts";

/** The one method that changes the chain. */
export const SEND = "eth_sendRawTransaction";

// Everything a wallet, a contract library or an indexer reads with. What is not here is refused, above all the node's
// own back doors (anvil_, evm_, hardhat_, debug_, personal_, txpool_) and accounts unlocked in the node.
const READS: ReadonlySet<string> = new Set([
  "eth_accounts",
  "eth_blockNumber",
  "eth_call",
  "eth_chainId",
  "eth_estimateGas",
  "eth_feeHistory",
  "eth_gasPrice",
  "eth_getBalance",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getBlockReceipts",
  "eth_getBlockTransactionCountByHash",
  "eth_getBlockTransactionCountByNumber",
  "eth_getCode",
  "eth_getFilterChanges",
  "eth_getFilterLogs",
  "eth_getLogs",
  "eth_getProof",
  "eth_getStorageAt",
  "eth_getTransactionByBlockHashAndIndex",
  "eth_getTransactionByBlockNumberAndIndex",
  "eth_getTransactionByHash",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_newBlockFilter",
  "eth_newFilter",
  "eth_syncing",
  "eth_uninstallFilter",
  "net_listening",
  "net_version",
  "web3_clientVersion",
  "web3_sha3",
]);

/** Answers that the node gives otherwise than a chain with zero base fee does. */
const FIXED: Readonly<Record<string, unknown>> = {
  eth_gasPrice: "0x0",
  eth_maxPriorityFeePerGas: "0x0",
  eth_accounts: [],
};

/** How a request from outside is served. */
export type Handling =
  | { readonly kind: "send"; readonly raw: string }
  | { readonly kind: "read"; readonly method: string; readonly params: readonly unknown[] }
  | { readonly kind: "fixed"; readonly result: unknown };

/** Decides what becomes of a request. Throws `RpcError` for a method that is not offered. */
export function handlingOf(request: RpcRequest): Handling {
  const { method, params } = request;
  if (method === SEND) return { kind: "send", raw: rawTransaction(params) };
  if (Object.hasOwn(FIXED, method)) return { kind: "fixed", result: FIXED[method] };
  if (READS.has(method)) return { kind: "read", method, params: atPresentTime(method, params) };
  throw new RpcError(RPC_CODES.methodNotFound, `the method ${method.slice(0, 64)} is not offered here`);
}

function rawTransaction(params: readonly unknown[]): string {
  const [raw] = params;
  if (params.length === 1 && typeof raw === "string" && /^0x(?:[0-9a-fA-F]{2})+$/.test(raw))
    return raw.toLowerCase();
  throw new RpcError(
    RPC_CODES.invalidParams,
    "expected one parameter: a signed transaction as 0x-prefixed hex",
  );
}

// Blocks come only with transactions, so the newest one may be hours old, and a contract asked "as of latest" would see
// that hour. The pending block has the same state and the present time, as the newest block of a busy chain does.
function atPresentTime(method: string, params: readonly unknown[]): readonly unknown[] {
  if (method !== "eth_call" && method !== "eth_estimateGas") return params;
  const tag = params[1] ?? "latest";
  return tag === "latest" ? [params[0], "pending", ...params.slice(2)] : params;
}
