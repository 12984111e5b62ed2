import { NebulaError, Unavailable } from "@nebula/protocol";
import { type Interface, isError } from "ethers";

const AWAY = ["NETWORK_ERROR", "TIMEOUT", "SERVER_ERROR", "CANCELLED"] as const;
const SOCKET = /^(ECONN|EPIPE|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EAI_)/;

function isSocketError(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    typeof error.code === "string" &&
    SOCKET.test(error.code)
  );
}

/** The error that a use case sees: `Unavailable` (CHAIN_AWAY) where the chain did not answer or answered what no chain does. */
export function mapChainFault(error: unknown): unknown {
  if (error instanceof NebulaError) return error;
  if (isError(error, "INSUFFICIENT_FUNDS"))
    return new Unavailable("CHAIN_AWAY", "The sender has nothing to pay the chain's gas with", {
      cause: error,
      data: { retryAfterMs: 30_000 },
    });
  const isAway = AWAY.some((code) => isError(error, code)) || isSocketError(error);
  return isAway
    ? new Unavailable("CHAIN_AWAY", "The chain does not answer", {
        cause: error,
        data: { retryAfterMs: 5_000 },
      })
    : error;
}

/** Runs a question to the chain with its errors mapped. */
export async function asking<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    throw mapChainFault(error);
  }
}

/** Name of the contract's error in the data of a revert, such as `ComputeEscrow_PartPaid`. */
export function revertName(data: string | null | undefined, contracts: readonly Interface[]): string {
  if (data === null || data === undefined || data === "0x") return "reverted without a reason";
  for (const contract of contracts) {
    const parsed = contract.parseError(data);
    if (parsed !== null) return parsed.name === "Error" ? String(parsed.args[0]) : parsed.name;
  }
  return `reverted with ${data.slice(0, 10)}`;
}
