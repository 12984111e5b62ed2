import { dirname, join } from "node:path";
import { LOOPBACK, freePort } from "../../process/ports.ts";
import { platformPackage } from "../../process/repository.ts";
import { spawnTethered } from "../../process/tethered.ts";
import type { TetheredProcess } from "../../process/tethered.ts";
import { waitUntil } from "../../process/wait-until.ts";
import { CHAIN_ID } from "./genesis.ts";
import { rpcCaller } from "./json-rpc.ts";
import type { RpcCall } from "./json-rpc.ts";

/** A node that forgets everything when it ends; it mines only when told. */
export interface Anvil extends AsyncDisposable {
  readonly call: RpcCall;
  readonly pid: number;
  readonly exited: TetheredProcess["exited"];
}

/** Starts the node on a port of its own, from the given genesis file. */
export async function startAnvil(options: {
  readonly genesisFile: string;
  readonly logFile: string;
}): Promise<Anvil> {
  const port = await freePort();
  const { logFile } = options;
  const node = spawnTethered({
    command: anvilBinary(),
    args: nodeArgs(port, options.genesisFile),
    logFile,
    graceMs: 2_000,
  });
  const call = rpcCaller(`http://${LOOPBACK}:${port}`);
  await waitUntil(() => call("eth_chainId"), {
    part: "chain",
    what: "anvil",
    timeoutMs: 20_000,
    logFile,
    process: node,
  });
  return {
    call,
    pid: node.pid,
    exited: node.exited,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

/** Path of the node's program for this machine. */
export function anvilBinary(): string {
  const nameOf = (platform: string, arch: string): string =>
    `@foundry-rs/anvil-${platform}-${arch === "x64" ? "amd64" : arch}/package.json`;
  return join(dirname(platformPackage("chain", "@foundry-rs/anvil/package.json", nameOf)), "bin/anvil");
}

function nodeArgs(port: number, genesisFile: string): string[] {
  const valued = {
    host: LOOPBACK,
    port: String(port),
    "chain-id": String(CHAIN_ID),
    accounts: "0",
    init: genesisFile,
    hardfork: "osaka",
    "block-base-fee-per-gas": "0",
    "gas-price": "0",
  };
  const flags = [
    "no-mining",
    "enable-tx-gas-limit",
    "disable-default-create2-deployer",
    "no-request-size-limit",
    "no-cors",
    "quiet",
  ];
  return [
    ...Object.entries(valued).flatMap(([name, value]) => [`--${name}`, value]),
    ...flags.map((flag) => `--${flag}`),
  ];
}
