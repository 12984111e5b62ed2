import { inTurn } from "../../process/in-turn.ts";
import { checkNonce, readTransaction } from "./incoming.ts";
import { openJournal } from "./journal.ts";
import type { RpcCall } from "./json-rpc.ts";
import { keepNode } from "./live-node.ts";
import { applyEntry, newestBlockTime, nextNonce } from "./node-steps.ts";
import type { ChainFiles } from "./recovery.ts";
import type { Snapshot } from "./snapshot.ts";
import { snapshotKeeper } from "./snapshot-keeper.ts";

/**
 * A chain that no crash takes back.
 *
 * - A transaction is on disk before the node sees it; its receipt exists when `send` resolves.
 * - One transaction at a time, each in a block of its own, its time recorded: a replay gives the same block hashes.
 * - A node that dies is replaced by one that holds the same chain.
 */
export interface DurableChain extends AsyncDisposable {
  /** Mines a signed transaction and gives its hash. Throws `RpcError` when it is refused. */
  send(raw: string): Promise<string>;
  /** Reads from the node. */
  readonly read: RpcCall;
  /** Process id of the present node. */
  nodePid(): Promise<number>;
}

export interface DurableChainOptions {
  readonly files: ChainFiles;
  readonly log: (line: string) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Opens the chain that the files hold, or begins one. */
export async function openDurableChain(options: DurableChainOptions): Promise<DurableChain> {
  await using stack = new AsyncDisposableStack();
  const turn = inTurn();
  const journal = stack.use(await openJournal(options.files.journal));
  const node = stack.use(await keepNode({ ...options, journal, turn }));
  const dump = async (): Promise<Snapshot> => {
    const state = await (await node.inTurn()).call("anvil_dumpState");
    return { coversBytes: journal.sizeBytes, state: String(state) };
  };
  const keeper = stack.use(
    snapshotKeeper({ file: options.files.snapshot, log: options.log, dump: () => turn(dump) }),
  );
  const send = async (raw: string): Promise<string> => {
    const present = await node.inTurn();
    const transaction = readTransaction(raw);
    checkNonce(transaction, await nextNonce(present, transaction.from));
    const at = Math.max(Math.floor(options.now() / 1000), await newestBlockTime(present));
    await journal.append({ at, raw });
    keeper.noteChange();
    return await applyEntry(present, { at, raw });
  };
  const owned = stack.move();
  return {
    send: (raw) => turn(() => send(raw)),
    read: async (method, params) => await (await node.now()).call(method, params),
    nodePid: async () => (await node.now()).pid,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
