import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { escrowAbi, escrowBytecode, tokenAbi, tokenBytecode } from "@nebula/contracts";
import { Contract, ContractFactory, type InterfaceAbi, JsonRpcProvider, NonceManager, Wallet } from "ethers";

const CHAIN_ID = 31_337;
const DAY = 86_400;
/** Nobody here has anything to pay for gas, and nobody asks for it. */
export const FREE = { gasPrice: 0n, type: 0 };
/** Fee of the test's escrow: one per cent, in hundredths of a per cent. */
export const FEE_BPS = 100n;

/** A node with token and escrow on it; the server's key is registrar. */
export interface TestChain extends AsyncDisposable {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly token: string;
  readonly escrow: string;
  readonly serverKey: Uint8Array;
  readonly provider: JsonRpcProvider;
  /** Sends tokens out of the whole supply. */
  give(to: string, amount: bigint): Promise<void>;
  /** Stops answering without forgetting anything, and goes on. */
  pause(): void;
  resume(): void;
  /** Calls the escrow as somebody who is not the server. */
  asStranger(): Contract;
}

function anvilBinary(): string {
  const require = createRequire(import.meta.url);
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const parent = createRequire(require.resolve("@foundry-rs/anvil/package.json"));
  return join(
    dirname(parent.resolve(`@foundry-rs/anvil-${process.platform}-${arch}/package.json`)),
    "bin/anvil",
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function deployed(
  owner: NonceManager,
  what: { abi: InterfaceAbi; bytecode: string; args: readonly unknown[] },
): Promise<Contract> {
  const contract = await new ContractFactory(what.abi, what.bytecode, owner).deploy(...what.args, FREE);
  await contract.waitForDeployment();
  return contract as Contract;
}

/** Starts anvil, which mines each transaction at once and asks nothing for gas, and deploys the contracts. */
export async function startChain(): Promise<TestChain> {
  const port = await freePort();
  const args = [
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--chain-id",
    String(CHAIN_ID),
    "--accounts",
    "0",
    "--block-base-fee-per-gas",
    "0",
    "--gas-price",
    "0",
  ];
  const node = spawn(anvilBinary(), args, { stdio: ["ignore", "pipe", "ignore"] });
  // why: a test file that fails half-way must leave no process behind
  const kill = () => void node.kill("SIGKILL");
  process.once("exit", kill);
  await new Promise<void>((resolve, reject) => {
    node.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("Listening on")) resolve();
    });
    node.once("exit", () => reject(new Error("anvil ended")));
  });
  const rpcUrl = `http://127.0.0.1:${String(port)}`;
  const provider = new JsonRpcProvider(rpcUrl, CHAIN_ID, {
    staticNetwork: true,
    pollingInterval: 20,
    cacheTimeout: -1,
  });
  const owner = new NonceManager(new Wallet(`0x${randomBytes(32).toString("hex")}`, provider));
  const serverKey = randomBytes(32);
  const server = new Wallet(`0x${serverKey.toString("hex")}`);
  const token = await deployed(owner, {
    abi: tokenAbi,
    bytecode: tokenBytecode,
    args: [await owner.getAddress()],
  });
  const treasury = Wallet.createRandom().address;
  const terms = [
    await token.getAddress(),
    treasury,
    await owner.getAddress(),
    server.address,
    FEE_BPS,
    DAY,
    DAY,
  ];
  const escrow = await deployed(owner, { abi: escrowAbi, bytecode: escrowBytecode, args: [terms] });
  const escrowAddress = (await escrow.getAddress()).toLowerCase();
  return {
    rpcUrl,
    chainId: CHAIN_ID,
    token: (await token.getAddress()).toLowerCase(),
    escrow: escrowAddress,
    serverKey,
    provider,
    async give(to, amount) {
      const sent = (await token.getFunction("transfer")(to, amount, FREE)) as { wait(): Promise<unknown> };
      await sent.wait();
    },
    pause: () => void node.kill("SIGSTOP"),
    resume: () => void node.kill("SIGCONT"),
    asStranger: () => new Contract(escrowAddress, escrowAbi, Wallet.createRandom(provider)),
    async [Symbol.asyncDispose]() {
      provider.destroy();
      const ended = new Promise((resolve) => node.once("exit", resolve));
      process.off("exit", kill);
      kill();
      await ended;
    },
  };
}
