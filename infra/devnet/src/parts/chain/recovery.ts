import { StartFailed } from "../../errors.ts";
import { startAnvil } from "./anvil.ts";
import type { Anvil } from "./anvil.ts";
import type { Journal } from "./journal.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";
import { applyEntry } from "./node-steps.ts";
import { readSnapshot } from "./snapshot.ts";

/** Files a chain is rebuilt from. */
export interface ChainFiles {
  readonly genesis: string;
  readonly snapshot: string;
  readonly journal: string;
  readonly log: string;
}

/** A node that holds everything the journal holds: the snapshot first, then the journal's tail. */
export async function recoverNode(files: ChainFiles, journal: Journal): Promise<Anvil> {
  const snapshot = await readSnapshot(files.snapshot);
  if (snapshot !== undefined && snapshot.coversBytes > journal.sizeBytes) throw journalTooShort(files);
  const node = await startAnvil({ genesisFile: files.genesis, logFile: files.log });
  try {
    const loaded = snapshot === undefined || (await load(node, snapshot.state));
    if (!loaded) return await restartWithoutSnapshot(node, files, journal);
    await replay(node, journal, snapshot?.coversBytes ?? 0);
    return node;
  } catch (error) {
    await node[Symbol.asyncDispose]();
    throw error;
  }
}

async function restartWithoutSnapshot(node: Anvil, files: ChainFiles, journal: Journal): Promise<Anvil> {
  await node[Symbol.asyncDispose]();
  const fresh = await startAnvil({ genesisFile: files.genesis, logFile: files.log });
  await replay(fresh, journal, 0);
  return fresh;
}

async function load(node: Anvil, state: string): Promise<boolean> {
  try {
    return (await node.call("anvil_loadState", [state])) === true;
  } catch (error) {
    if (error instanceof RpcError) return false; // a snapshot of another version of the node
    throw error;
  }
}

async function replay(node: Anvil, journal: Journal, fromByte: number): Promise<void> {
  for await (const entry of journal.entriesFrom(fromByte)) {
    await applyEntry(node, entry).catch(sameRefusalAsBefore);
  }
}

// An entry the node refused at first is in the journal all the same, and is refused again.
function sameRefusalAsBefore(error: unknown): void {
  if (!(error instanceof RpcError) || error.code === RPC_CODES.away) throw error;
}

function journalTooShort(files: ChainFiles): StartFailed {
  return new StartFailed(
    "chain",
    `The chain's journal ${files.journal} is shorter than its snapshot ${files.snapshot}.`,
    {
      remedy: "Restore both files from one copy, or run: npm run reset, which forgets the chain.",
    },
  );
}
