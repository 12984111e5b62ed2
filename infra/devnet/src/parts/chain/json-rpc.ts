/** One JSON-RPC 2.0 request as it comes from outside. */
export interface RpcRequest {
  readonly id: string | number | null;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A refusal or failure with a JSON-RPC code; `data` is passed on as it is, such as a contract's revert data. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data;
  }
}

/** Codes of JSON-RPC 2.0 and EIP-1474 that are used here. */
export const RPC_CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  invalidInput: -32000,
  away: -32002,
  rejected: -32003,
  limit: -32005,
} as const;

/** Calls a node: resolves with `result`, throws `RpcError` with the node's own code, message and data. */
export type RpcCall = (method: string, params?: readonly unknown[]) => Promise<unknown>;

/** A caller of the node at `url`. A node that cannot be reached is an `RpcError` with code `away`. */
export function rpcCaller(url: string): RpcCall {
  let id = 0;
  return async (method, params = []) => {
    id += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const answer = await post(url, body);
    if (answer.error !== undefined)
      throw new RpcError(answer.error.code, answer.error.message, answer.error.data);
    return answer.result;
  };
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

async function post(url: string, body: string): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return (await response.json()) as Answer; // the node behind `url` is ours and speaks JSON-RPC
  } catch (cause) {
    const error = new RpcError(RPC_CODES.away, "the chain does not answer; try again shortly");
    error.cause = cause;
    throw error;
  }
}
