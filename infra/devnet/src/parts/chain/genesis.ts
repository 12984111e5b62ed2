/** Chain id of every campus on one machine. */
export const CHAIN_ID = 8686;

/** Coins given to the campus's own key at genesis, in base units: a million. Gas is free, so they are never needed. */
const ENDOWMENT = 10n ** 24n;

/** Genesis as the node reads it. The same key gives the same block 0; the time is fixed for that. */
export function genesisFor(owner: string): string {
  return JSON.stringify({
    config: { chainId: CHAIN_ID },
    timestamp: "0x6955b900",
    difficulty: "0x0",
    nonce: "0x0",
    extraData: "0x",
    gasLimit: "0x1c9c380",
    baseFeePerGas: "0x0",
    alloc: { [owner]: { balance: `0x${ENDOWMENT.toString(16)}` } },
  });
}
