import type { Anvil } from "./anvil.ts";
import { checkNonce, readTransaction } from "./incoming.ts";
import { openJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";
import type { RpcCall } from "./json-rpc.ts";
import { inTurn } from "../../process/in-turn.ts";
import { applyEntry, newestBlockTime, nextNonce } from "./node-steps.ts";
import { recoverNode } from "./recovery.ts";
import type { ChainFiles } from "./recovery.ts";
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
  const journal = await openJournal(options.files.journal);
  const turn = inTurn();
  const nodes = await keepNode(options, journal);
  const keeper = snapshotKeeper({
    file: options.files.snapshot,
    log: options.log,
    dump: () =>
      turn(async () => ({ coversBytes: journal.sizeBytes, state: await dump(await nodes.current()) })),
  });
  const send = (raw: string): Promise<string> =>
    turn(async () => {
      const node = await nodes.current();
      const transaction = readTransaction(raw);
      checkNonce(transaction, await nextNonce(node, transaction.from));
      const at = Math.max(Math.floor(options.now() / 1000), await newestBlockTime(node));
      await journal.append({ at, raw });
      keeper.noteChange();
      return await applyEntry(node, { at, raw });
    });
  return {
    send,
    read: async (method, params) => await (await nodes.current()).call(method, params),
    nodePid: async () => (await nodes.current()).pid,
    async [Symbol.asyncDispose]() {
      await keeper[Symbol.asyncDispose]();
      await nodes[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
    },
  };
}

interface NodeKeeper extends AsyncDisposable {
  current(): Promise<Anvil>;
}

async function keepNode(options: DurableChainOptions, journal: Journal): Promise<NodeKeeper> {
  let stopping = false;
  let current = boot();
  await current;
  return {
    current: () => current,
    async [Symbol.asyncDispose]() {
      stopping = true;
      await (await current.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };

  async function boot(): Promise<Anvil> {
    const node = await recoverNode(options.files, journal);
    await node.call("evm_setTime", [Math.floor(options.now() / 1000)]);
    void node.exited.then(() => {
      if (stopping) return;
      current = replace();
      current.catch(() => undefined); // whoever asks next gets the failure
    });
    return node;
  }

  async function replace(): Promise<Anvil> {
    options.log("the chain's node ended by itself; a new one takes over from the journal");
    try {
      return await boot();
    } catch (error) {
      options.log(`the chain is down until the next start: ${String(error)}`);
      throw new RpcError(RPC_CODES.away, "the chain is down; its log says why");
    }
  }
}

async function dump(node: Anvil): Promise<string> {
  return String(await node.call("anvil_dumpState"));
}
