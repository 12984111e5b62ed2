import { escrowAbi, tokenAbi } from "@nebula/contracts";
import { Bug, Unavailable } from "@nebula/protocol";
import {
  Contract,
  FetchRequest,
  Interface,
  isError,
  JsonRpcProvider,
  Network,
  SigningKey,
  type TransactionReceipt,
  TypedDataEncoder,
  Wallet,
} from "ethers";
import type {
  ChainCall,
  ChainEvent,
  ChainOutcome,
  ChainPort,
  Clock,
  Database,
  Logger,
  Vault,
} from "../../app/ports.ts";
import { asking, revertName } from "./fault.ts";
import { findByPurpose, type Intent, recordMined, send, store, type StoredTx } from "./outbound.ts";

const REQUEST_TIMEOUT_MS = 10_000;
/** How long one call waits for its transaction; whoever called tries again later, with the same transaction. */
const MINING_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

export interface ChainOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly token: string;
  readonly escrow: string;
  /** Private key of the campus's own account. */
  readonly key: Uint8Array;
  readonly db: Database;
  readonly vault: Pick<Vault, "sign">;
  readonly clock: Clock;
  readonly log: Logger;
}

const interfaces = { token: new Interface(tokenAbi), escrow: new Interface(escrowAbi) };
const bothInterfaces = [interfaces.escrow, interfaces.token];

type Mined = ChainOutcome & { readonly status: "mined" };

/** One answer of a contract's view function. */
type View = (...args: unknown[]) => Promise<unknown>;

/** The chain by JSON-RPC. Every transaction is stored, signed, before it is sent; the same nonce is sent again, never another. */
class RpcChain implements ChainPort, Disposable {
  readonly sender: string;
  readonly #options: ChainOptions;
  readonly #provider: JsonRpcProvider;
  readonly #wallet: Wallet;
  readonly #token: Contract;
  readonly #escrow: Contract;

  constructor(options: ChainOptions) {
    const request = new FetchRequest(options.rpcUrl);
    request.timeout = REQUEST_TIMEOUT_MS;
    this.#options = options;
    this.#provider = new JsonRpcProvider(request, Network.from(options.chainId), {
      staticNetwork: true,
      batchMaxCount: 1,
      cacheTimeout: -1,
    });
    this.#wallet = new Wallet(new SigningKey(options.key));
    this.#token = new Contract(options.token, interfaces.token, this.#provider);
    this.#escrow = new Contract(options.escrow, interfaces.escrow, this.#provider);
    this.sender = this.#wallet.address.toLowerCase();
  }

  perform(call: ChainCall): Promise<ChainOutcome> {
    return asking(async () => {
      const stored = (await findByPurpose(this.#options.db, call.purpose)) ?? (await this.#prepare(call));
      if ("status" in stored) return stored;
      if (stored.state === "sent") await send(this.#options.db, this.#provider, stored);
      return this.#outcome(stored, await this.#receipt(stored));
    });
  }

  payer(address: string): ReturnType<ChainPort["payer"]> {
    return asking(async () => {
      const account = await this.#view(this.#escrow, "payers")(address);
      const tokens = await this.#view(this.#token, "balanceOf")(address);
      return { tokens: tokens as bigint, deposited: (account as { balance: bigint }).balance }; // shapes of the ABI
    });
  }

  grantNonce(payer: string, spender: string): Promise<number> {
    return asking(async () =>
      Number(((await this.#view(this.#escrow, "grants")(payer, spender)) as { nonce: bigint }).nonce),
    );
  }

  isRigEnrolled(receiptAddress: string): Promise<boolean> {
    return asking(async () => {
      const key = (await this.#view(this.#escrow, "rigKeys")(receiptAddress)) as {
        payout: string;
        retiredAt: bigint;
      };
      return BigInt(key.payout) !== 0n && key.retiredAt === 0n;
    });
  }

  findSettled(receiptHash: string): Promise<Mined | null> {
    return asking(async () => {
      const topics = interfaces.escrow.encodeFilterTopics("Settled", [null, receiptHash]);
      const [log] = await this.#provider.getLogs({ address: this.#options.escrow, topics, fromBlock: 0 });
      if (log === undefined) return null;
      const receipt = await this.#provider.getTransactionReceipt(log.transactionHash);
      return receipt === null ? null : this.#mined(receipt);
    });
  }

  permitDigest(permit: {
    readonly owner: string;
    readonly amount: bigint;
    readonly deadline: number;
  }): Promise<string> {
    return asking(async () => {
      const nonce = await this.#view(this.#token, "nonces")(permit.owner);
      const name = await this.#view(this.#token, "name")();
      const domain = {
        name: String(name),
        version: "1",
        chainId: this.#options.chainId,
        verifyingContract: this.#options.token,
      };
      const fields = [
        "address owner",
        "address spender",
        "uint256 value",
        "uint256 nonce",
        "uint256 deadline",
      ];
      const types = {
        Permit: fields.map((field) => ({ type: field.split(" ")[0] ?? "", name: field.split(" ")[1] ?? "" })),
      };
      return TypedDataEncoder.hash(domain, types, {
        owner: permit.owner,
        spender: this.#options.escrow,
        value: permit.amount,
        nonce,
        deadline: permit.deadline,
      });
    });
  }

  height(): Promise<number> {
    return asking(() => this.#provider.getBlockNumber());
  }

  [Symbol.dispose](): void {
    this.#provider.destroy();
  }

  #view(contract: Contract, method: string): View {
    const view = contract.getFunction(method);
    return (...args) => view.staticCall(...args);
  }

  /** Tries the call on the chain's present state, then signs and stores it; a call that would revert is not sent. */
  async #prepare(call: ChainCall): Promise<StoredTx | (ChainOutcome & { status: "refused" })> {
    const { chainId, clock, db } = this.#options;
    const to = this.#options[call.contract];
    const sender = call.from?.address ?? this.sender;
    const data = interfaces[call.contract].encodeFunctionData(call.method, [...call.args]);
    try {
      const gas = await this.#provider.estimateGas({ from: sender, to, data });
      const gasPrice = await this.#gasPrice();
      const intent: Intent = {
        purpose: call.purpose,
        sender,
        to,
        data,
        gasLimit: (gas * 13n) / 10n + 10_000n,
        gasPrice,
        chainId,
        at: clock.now(),
        sign: this.#signer(call),
      };
      return await store(db, this.#provider, intent);
    } catch (error) {
      if (!isError(error, "CALL_EXCEPTION")) throw error;
      return { status: "refused", hash: null, reason: revertName(error.data, bothInterfaces) };
    }
  }

  /** Twice the base fee, which is 0 on a campus chain; what nodes suggest has a tip in it that nobody there asks for. */
  async #gasPrice(): Promise<bigint> {
    const block = await this.#provider.getBlock("latest");
    return (block?.baseFeePerGas ?? 0n) * 2n;
  }

  #signer({ from }: ChainCall): (digest: string) => string {
    if (from !== undefined) return (digest) => this.#options.vault.sign(from, digest);
    return (digest) => this.#wallet.signingKey.sign(digest).serialized;
  }

  async #receipt(tx: StoredTx): Promise<TransactionReceipt> {
    const endMs = performance.now() + MINING_TIMEOUT_MS;
    for (;;) {
      const receipt = await this.#provider.getTransactionReceipt(tx.hash);
      if (receipt !== null) return receipt;
      if (performance.now() > endMs)
        throw new Unavailable("CHAIN_AWAY", `The transaction ${tx.hash} is not mined yet`, {
          data: { retryAfterMs: POLL_MS },
        });
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #outcome(tx: StoredTx, receipt: TransactionReceipt): Promise<ChainOutcome> {
    const isMined = receipt.status === 1;
    if (tx.state === "sent")
      await recordMined(this.#options.db, tx, { isMined, blockNumber: receipt.blockNumber });
    return isMined
      ? this.#mined(receipt)
      : { status: "refused", hash: tx.hash, reason: await this.#reasonOf(tx, receipt.blockNumber) };
  }

  #mined(receipt: TransactionReceipt): Mined {
    const events: ChainEvent[] = [];
    for (const log of receipt.logs) {
      if (log.address.toLowerCase() !== this.#options.escrow) continue;
      const parsed = interfaces.escrow.parseLog(log);
      if (parsed !== null) events.push({ name: parsed.name, fields: parsed.args.toObject() });
    }
    return { status: "mined", hash: receipt.hash, blockNumber: receipt.blockNumber, events };
  }

  async #reasonOf(tx: StoredTx, blockNumber: number): Promise<string> {
    const sent = await this.#provider.getTransaction(tx.hash);
    if (sent === null)
      throw new Bug("INTERNAL", `The chain has the receipt of ${tx.hash} and not the transaction`);
    try {
      await this.#provider.call({ from: sent.from, to: sent.to, data: sent.data, blockTag: blockNumber });
      return "reverted without a reason";
    } catch (error) {
      if (!isError(error, "CALL_EXCEPTION")) throw error;
      return revertName(error.data, bothInterfaces);
    }
  }
}

/** The chain at `rpcUrl`; nothing is asked before the first call. */
export function openChain(options: ChainOptions): ChainPort & Disposable {
  return new RpcChain(options);
}
