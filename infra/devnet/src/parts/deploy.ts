import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { escrowAbi, escrowBytecode, tokenAbi, tokenBytecode } from "@nebula/contracts";
import { ContractFactory, JsonRpcProvider, Wallet } from "ethers";
import type { InterfaceAbi } from "ethers";
import { missingAsUndefined, secretFile, writeDurably } from "../process/private-file.ts";

/** Where the chain is and who pays for the deployment. */
export interface DeployOptions {
  readonly chain: { readonly url: string; readonly chainId: number; readonly ownerKey: string };
  /** Keeps the record of what was deployed, and the keys it made (mode 0600). */
  readonly stateFolder: string;
  readonly log: (line: string) => void;
}

/** The contracts of this campus. */
export interface Deployment {
  readonly token: string;
  readonly escrow: string;
  /** Holds the whole supply of a new token, deposits for the demo course, and administers the escrow. */
  readonly owner: string;
  readonly treasury: string;
  /** Private key of the server: sends settlements, enrols rigs. Free of the owner's key, so nonces never cross. */
  readonly serverKeyFile: string;
  /**
   * `kept`: as recorded. `deployed`: first time. `replaced`: the contracts have changed, balances in the old ones stay
   * there until they exit, and deposits have to be made anew.
   */
  readonly status: "kept" | "deployed" | "replaced";
  /** The contracts before this start; undefined unless `replaced`. */
  readonly previous: { readonly token: string; readonly escrow: string } | undefined;
}

interface Deployed {
  readonly address: string;
  /** Digest of the creation code with its constructor's arguments. */
  readonly digest: string;
}

interface Recorded {
  readonly token: Deployed;
  readonly escrow: Deployed;
}

/** Share of the price that goes to the treasury, hundredths of a percent. */
const FEE_BPS = 100;
/** Delay of exits, and time in which a lowered grant can still be settled, seconds. */
const DAY = 86_400;

/** Deploys token and escrow where they are not on the chain yet as this version has them. */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  await mkdir(options.stateFolder, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(options.stateFolder, name);
  // Without cacheTimeout -1 the nonce after a quick first transaction is the remembered one.
  const settings = { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 };
  const provider = new JsonRpcProvider(options.chain.url, options.chain.chainId, settings);
  try {
    const owner = new Wallet(options.chain.ownerKey, provider);
    const treasury = await addressOf(file("treasury.key"));
    const registrar = await addressOf(file("server.key"));
    const recorded = await readRecord(file("contracts.json"));
    const keep = async (plan: Plan, old: Deployed | undefined): Promise<Deployed> =>
      await ensureDeployed(owner, plan, old);
    const token = await keep(
      { abi: tokenAbi, bytecode: tokenBytecode, args: [owner.address] },
      recorded?.token,
    );
    const terms = [token.address, treasury, owner.address, registrar, FEE_BPS, DAY, DAY];
    const escrow = await keep({ abi: escrowAbi, bytecode: escrowBytecode, args: [terms] }, recorded?.escrow);
    const status = statusOf(recorded, { token, escrow });
    if (status !== "kept")
      await writeDurably(file("contracts.json"), `${JSON.stringify({ token, escrow }, undefined, 2)}\n`);
    if (status === "replaced")
      options.log("The contracts have changed, so they were deployed anew; deposits are made anew as well.");
    const previous =
      status === "replaced" && recorded !== undefined
        ? { token: recorded.token.address, escrow: recorded.escrow.address }
        : undefined;
    return {
      token: token.address,
      escrow: escrow.address,
      owner: owner.address,
      treasury,
      serverKeyFile: file("server.key"),
      status,
      previous,
    };
  } finally {
    provider.destroy();
  }
}

interface Plan {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
  readonly args: readonly unknown[];
}

async function ensureDeployed(owner: Wallet, plan: Plan, old: Deployed | undefined): Promise<Deployed> {
  const factory = new ContractFactory(plan.abi, plan.bytecode, owner);
  const creation = await factory.getDeployTransaction(...plan.args);
  const digest = createHash("sha256").update(creation.data).digest("hex");
  if (old?.digest === digest && (await owner.provider?.getCode(old.address)) !== "0x") return old;
  const contract = await factory.deploy(...plan.args);
  await contract.waitForDeployment();
  return { address: await contract.getAddress(), digest };
}

function statusOf(old: Recorded | undefined, now: Recorded): Deployment["status"] {
  if (old === undefined) return "deployed";
  return old.token.address === now.token.address && old.escrow.address === now.escrow.address
    ? "kept"
    : "replaced";
}

async function readRecord(file: string): Promise<Recorded | undefined> {
  const text = await readFile(file, "utf8").catch(missingAsUndefined);
  return text === undefined ? undefined : (JSON.parse(text) as Recorded); // written by deployContracts, whole or not at all
}

async function addressOf(keyFile: string): Promise<string> {
  return new Wallet(await secretFile(keyFile, () => Wallet.createRandom().privateKey)).address;
}
