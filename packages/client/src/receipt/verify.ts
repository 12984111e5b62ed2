import { escrowAbi } from "@nebula/contracts";
import {
  chainJobId,
  OUTCOMES,
  priceOf,
  signingDigest,
  specHashOf,
  type JobSpec,
  type ReceiptBundle,
} from "@nebula/protocol";
import type * as EthersModule from "ethers";

/** Where the truth is read: a chain node and the escrow that the reader trusts, not the ones a server names. */
export interface TrustedChain {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly escrow: string;
}

export interface VerifyOptions {
  readonly chain: TrustedChain;
  /** The specification that was submitted; without it the hash of the cells is not compared. */
  readonly spec?: JobSpec;
  /** The event stream (`getLog`); without it `logRoot` is not compared. */
  readonly log?: Uint8Array;
}

/** One thing that was looked at. `ok` null: it could not be looked at, as `detail` says. */
export interface ReceiptCheck {
  readonly name: string;
  readonly ok: boolean | null;
  readonly detail: string;
}

export interface Verification {
  /** All checks held, the settlement on the chain among them (or nothing was charged). */
  readonly verified: boolean;
  readonly checks: readonly ReceiptCheck[];
}

type Ethers = typeof EthersModule;

function check(name: string, ok: boolean | null, detail: string): ReceiptCheck {
  return { name, ok, detail };
}

function signerOf(ethers: Ethers, digest: string, signature: string): string {
  try {
    return ethers.recoverAddress(digest, signature).toLowerCase();
  } catch {
    return "nobody";
  }
}

function termsChecks(bundle: ReceiptBundle, options: VerifyOptions): ReceiptCheck[] {
  const { order, receipt, domain } = bundle;
  const price = priceOf(receipt.units, order.unitPrice);
  const expected = price < order.maxPrice ? price : order.maxPrice;
  const isFree = OUTCOMES[receipt.outcome] === "RIG_FAULT";
  return [
    check(
      "escrow",
      domain.verifyingContract === options.chain.escrow.toLowerCase() &&
        domain.chainId === options.chain.chainId,
      `signed for ${domain.verifyingContract} on chain ${String(domain.chainId)}`,
    ),
    check("job", order.jobId === chainJobId(bundle.jobId), `the order names job ${bundle.jobId}`),
    check(
      "cells",
      options.spec === undefined ? null : specHashOf(options.spec) === order.specHash,
      options.spec ? "the order holds the hash of these cells" : "no cells given to compare",
    ),
    check(
      "price",
      receipt.price <= order.maxPrice && (isFree ? receipt.price === 0n : receipt.price === expected),
      `${String(receipt.units)} units at the order's unit price, at most its ceiling`,
    ),
  ];
}

function signatureChecks(ethers: Ethers, bundle: ReceiptBundle): ReceiptCheck[] {
  const orderDigest = signingDigest(bundle.domain, "Order", bundle.order);
  const receiptDigest = signingDigest(bundle.domain, "Receipt", bundle.receipt);
  const spender = signerOf(ethers, orderDigest, bundle.orderSignature);
  const rig = signerOf(ethers, receiptDigest, bundle.receiptSignature);
  return [
    check(
      "order",
      orderDigest === bundle.orderDigest && spender === bundle.order.spender,
      `signed by ${spender}`,
    ),
    check(
      "receipt",
      receiptDigest === bundle.receiptHash &&
        bundle.receipt.order === orderDigest &&
        rig === bundle.receipt.rig,
      `signed by rig key ${rig}`,
    ),
  ];
}

async function logCheck(
  ethers: Ethers,
  bundle: ReceiptBundle,
  log: Uint8Array | undefined,
): Promise<ReceiptCheck> {
  if (log === undefined) return check("log", null, "no log given to compare");
  const sum = ethers.hexlify(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(log))));
  return check("log", sum === bundle.receipt.logRoot, `SHA-256 of ${String(log.byteLength)} bytes of output`);
}

async function settlementCheck(
  provider: EthersModule.JsonRpcProvider,
  escrow: EthersModule.Contract,
  bundle: ReceiptBundle,
): Promise<ReceiptCheck> {
  if (bundle.receipt.price === 0n) return check("settlement", true, "nothing was charged, nothing to settle");
  if (bundle.settlement.tx === null) return check("settlement", false, "not settled yet");
  const mined = await provider.getTransactionReceipt(bundle.settlement.tx);
  const found = mined?.logs
    .filter((log) => log.address.toLowerCase() === bundle.domain.verifyingContract)
    .map((log) => escrow.interface.parseLog(log))
    .find((event) => event?.name === "Settled" && event.args["receiptDigest"] === bundle.receiptHash);
  const ok =
    mined?.status === 1 &&
    found?.args["price"] === bundle.receipt.price &&
    found.args["orderDigest"] === bundle.orderDigest;
  return check(
    "settlement",
    ok,
    ok
      ? `block ${String(mined.blockNumber)}, transaction ${bundle.settlement.tx}`
      : "the chain holds no such settlement",
  );
}

async function chainChecks(
  ethers: Ethers,
  bundle: ReceiptBundle,
  chain: TrustedChain,
): Promise<ReceiptCheck[]> {
  const provider = new ethers.JsonRpcProvider(chain.rpcUrl, chain.chainId, { staticNetwork: true });
  const escrow = new ethers.Contract(chain.escrow, escrowAbi, provider);
  try {
    const key = (await escrow.getFunction("rigKeys")(bundle.receipt.rig)) as { payout: string }; // struct RigKey
    const isEnrolled = BigInt(key.payout) !== 0n;
    return [
      check("rig", isEnrolled, "the receipt's key stands in the contract's table of rigs"),
      await settlementCheck(provider, escrow, bundle),
    ];
  } catch {
    return [check("chain", null, `the chain at ${chain.rpcUrl} does not answer`)];
  } finally {
    provider.destroy();
  }
}

/**
 * Checks a receipt against the order, the rig's key and the chain, trusting nothing that the server says.
 * Signatures and prices are recomputed here; the settlement is read from the chain. Never throws for a bad receipt.
 */
export async function verifyReceipt(bundle: ReceiptBundle, options: VerifyOptions): Promise<Verification> {
  const ethers = await import("ethers"); // large; needed only here
  const checks = [
    ...termsChecks(bundle, options),
    ...signatureChecks(ethers, bundle),
    await logCheck(ethers, bundle, options.log),
    ...(await chainChecks(ethers, bundle, options.chain)),
  ];
  const optional = new Set(["cells", "log"]);
  return {
    verified: checks.every((item) => item.ok === true || (item.ok === null && optional.has(item.name))),
    checks,
  };
}
