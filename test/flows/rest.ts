import { keccakHex } from "@nebula/protocol";
import { expect } from "vitest";
import { chainAgrees, moneyIsConserved } from "@nebula/paas-server";
import type { Campus } from "./campus.ts";
import { containersOf } from "./containers.ts";
import { eventually } from "./eventually.ts";

const SELECTOR = keccakHex(new TextEncoder().encode("payers(address)")).slice(0, 10);

/** What a payer has in the escrow, in base units, as the chain's node says. */
async function depositOf({ chain }: Campus, payer: string): Promise<bigint> {
  const data = `${SELECTOR}${payer.slice(2).padStart(64, "0")}`;
  const params = [{ to: chain.escrow, data }, "latest"];
  const response = await fetch(chain.rpcUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params }),
  });
  const { result } = (await response.json()) as { result: string }; // JSON-RPC 2.0
  return BigInt(result.slice(0, 66));
}

/** The campus is at rest: no job is open, no container is left, every sum agrees, in the ledger and on the chain. */
export async function expectRest(campus: Campus): Promise<void> {
  const { database } = campus;
  await eventually(async () => {
    expect(await database.query("select id, state from job where state <> 'settled'")).toEqual([]);
  });
  const rigs = await database.query<{ id: string }>("select id from rig");
  for (const { id } of rigs)
    await eventually(async () => {
      expect(await containersOf("rig", id)).toEqual([]);
    });
  expect(await moneyIsConserved(database)).toEqual([]);
  const chain = {
    payer: async (payer: string) => ({ tokens: 0n, deposited: await depositOf(campus, payer) }),
  };
  expect(await chainAgrees({ db: database, chain: chain as never })).toEqual([]); // it reads deposits only
}
