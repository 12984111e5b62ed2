import { Transaction } from "ethers";
import { CHAIN_ID } from "./genesis.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";

/** What must be known of a signed transaction before it is taken. */
export interface IncomingTransaction {
  readonly from: string;
  readonly nonce: number;
}

/** Reads a signed transaction. Throws `RpcError` when it is malformed, unsigned or for another chain. */
export function readTransaction(raw: string): IncomingTransaction {
  const transaction = decode(raw);
  if (transaction.from === null) throw new RpcError(RPC_CODES.invalidParams, "the transaction is not signed");
  if (transaction.chainId !== BigInt(CHAIN_ID)) {
    throw new RpcError(
      RPC_CODES.invalidInput,
      `expected chain id ${CHAIN_ID}, the transaction is for ${transaction.chainId.toString()}`,
    );
  }
  return { from: transaction.from, nonce: transaction.nonce };
}

/**
 * Transactions of one account come in the order of their nonces, each in a block of its own: one that came too early
 * would wait in the node's memory only, where a crash loses it.
 */
export function checkNonce(transaction: IncomingTransaction, expected: number): void {
  if (transaction.nonce === expected) return;
  const fault = transaction.nonce < expected ? "low" : "high";
  throw new RpcError(
    RPC_CODES.rejected,
    `nonce too ${fault}: next nonce ${expected}, tx nonce ${transaction.nonce}`,
  );
}

function decode(raw: string): Transaction {
  try {
    return Transaction.from(raw);
  } catch {
    throw new RpcError(RPC_CODES.invalidParams, "this is no signed transaction");
  }
}
