import type { InTurn } from "../../process/in-turn.ts";
import type { Anvil } from "./anvil.ts";
import type { Journal } from "./journal.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";
import { recoverNode } from "./recovery.ts";
import type { ChainFiles } from "./recovery.ts";

/** A node that is always there: one that dies is replaced by another with the same chain. */
export interface LiveNode extends AsyncDisposable {
  /** The node, for work that runs in turn. */
  inTurn(): Promise<Anvil>;
  /** The node, for reads at any time. */
  now(): Promise<Anvil>;
}

export interface LiveNodeOptions {
  readonly files: ChainFiles;
  readonly journal: Journal;
  readonly log: (line: string) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A replacement reads the journal in turn with what appends to it, so that it misses no entry. */
  readonly turn: InTurn;
}

/** Starts the first node. */
export async function keepNode(options: LiveNodeOptions): Promise<LiveNode> {
  let stopping = false;
  let alive: Anvil | undefined = await boot();

  async function boot(): Promise<Anvil> {
    const node = await recoverNode(options.files, options.journal);
    await node.call("evm_setTime", [Math.floor(options.now() / 1000)]);
    void node.exited.then(() => {
      alive = undefined;
      if (!stopping)
        options.turn(inTurn).catch((error: unknown) => options.log(`the chain is down: ${String(error)}`));
    });
    return node;
  }

  async function inTurn(): Promise<Anvil> {
    if (alive !== undefined) return alive;
    if (stopping) throw new RpcError(RPC_CODES.away, "the chain is stopping");
    options.log("the chain's node ended by itself; a new one takes over from the journal");
    alive = await boot();
    return alive;
  }

  return {
    inTurn,
    now: async () => alive ?? (await options.turn(inTurn)),
    [Symbol.asyncDispose]: () =>
      options.turn(async () => {
        stopping = true;
        await alive?.[Symbol.asyncDispose]();
      }),
  };
}
