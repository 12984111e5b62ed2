import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Wallet } from "ethers";
import { lockFolder } from "../../process/folder-lock.ts";
import { closeServer, listen } from "../../process/http-server.ts";
import { LOOPBACK, assertPortFree } from "../../process/ports.ts";
import { secretFile, writeDurably } from "../../process/private-file.ts";
import type { PartFolders } from "../postgres/index.ts";
import { openDurableChain } from "./durable-chain.ts";
import type { DurableChain } from "./durable-chain.ts";
import { chainEndpoint } from "./endpoint.ts";
import { CHAIN_ID, genesisFor } from "./genesis.ts";
import { RPC_CODES, RpcError } from "./json-rpc.ts";
import type { RpcRequest } from "./json-rpc.ts";
import { SEND, handlingOf } from "./methods.ts";
import type { ChainFiles } from "./recovery.ts";

export { CHAIN_ID } from "./genesis.ts";

export interface ChainOptions extends PartFolders {
  readonly port: number;
  /** Origins of pages that may read the chain; they may not send. */
  readonly webOrigins: readonly string[];
  readonly log: (line: string) => void;
}

/** A running chain. Disposing writes a last snapshot and stops it. */
export interface ChainHandle extends AsyncDisposable {
  /** JSON-RPC address. */
  readonly url: string;
  readonly chainId: number;
  /** Private key of the campus's own account, made at first start, mode 0600; it deploys the contracts. */
  readonly ownerKey: string;
  /** Process id of the node behind the endpoint. */
  nodePid(): Promise<number>;
}

/** Starts the campus's chain on loopback. A transaction whose receipt was seen survives any kill. */
export async function startChain(options: ChainOptions): Promise<ChainHandle> {
  await using stack = new AsyncDisposableStack();
  const folder = options.stateFolder;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  stack.use(await lockFolder(folder, "chain"));
  await assertPortFree(options.port, "chain");
  const ownerKey = await secretFile(join(folder, "owner.key"), () => Wallet.createRandom().privateKey);
  const files = chainFiles(folder, options.logFile);
  await writeDurably(files.genesis, genesisFor(new Wallet(ownerKey).address));
  const chain = stack.use(await openDurableChain({ files, log: options.log, now: () => Date.now() }));
  const server = chainEndpoint({
    webOrigins: options.webOrigins,
    serve: (request, fromPage) => serve(chain, request, fromPage),
  });
  await listen(server, options.port);
  stack.defer(() => closeServer(server));
  const owned = stack.move();
  return {
    url: `http://${LOOPBACK}:${options.port}`,
    chainId: CHAIN_ID,
    ownerKey,
    nodePid: () => chain.nodePid(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function chainFiles(folder: string, log: string): ChainFiles {
  const file = (name: string): string => join(folder, name);
  return { genesis: file("genesis.json"), snapshot: file("snapshot"), journal: file("journal"), log };
}

async function serve(chain: DurableChain, request: RpcRequest, fromPage: boolean): Promise<unknown> {
  const handling = handlingOf(request);
  switch (handling.kind) {
    case "fixed":
      return handling.result;
    case "read":
      return await chain.read(handling.method, handling.params);
    case "send":
      if (fromPage)
        throw new RpcError(RPC_CODES.methodNotFound, `pages may only read here, not call ${SEND}`);
      return await chain.send(handling.raw);
  }
}
