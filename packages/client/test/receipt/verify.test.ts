import { describe, expect, it } from "vitest";
import { SigningKey, computeAddress, TypedDataEncoder } from "ethers";
import {
  chainJobId,
  escrowDomain,
  newId,
  SIGNED_TYPES,
  signingDigest,
  specHashOf,
  type ReceiptBundle,
} from "@nebula/protocol";
import { signOrder, verifyReceipt } from "../../src/index.ts";

const spender = new SigningKey(`0x${"11".repeat(32)}`);
const rig = new SigningKey(`0x${"22".repeat(32)}`);
const address = (key: SigningKey): string => computeAddress(key.publicKey).toLowerCase();
const escrow = `0x${"ab".repeat(20)}`;
const domain = escrowDomain(8686, escrow);
const spec = {
  v: 1 as const,
  image: "i",
  class: "cpu",
  cells: [],
  timeLimitMs: 1_000,
  transcriptBytes: 65_536,
  title: "",
};
const nowhere = { rpcUrl: "http://127.0.0.1:1", chainId: 8686, escrow };

async function aBundle(over: { price?: bigint; outcome?: number } = {}): Promise<ReceiptBundle> {
  const jobId = newId("job", 1, (size) => new Uint8Array(size));
  const order = {
    jobId: chainJobId(jobId),
    payer: `0x${"aa".repeat(20)}`,
    spender: address(spender),
    nonce: 1,
    maxPrice: 10n ** 18n,
    unitPrice: 10n ** 18n,
    prepay: 0n,
    redundancy: 1,
    expiry: 2_000_000_000,
    specHash: specHashOf(spec),
    rateVersion: 1,
  };
  const orderDigest = signingDigest(domain, "Order", order);
  const receipt = {
    order: orderDigest,
    part: 0,
    rig: address(rig),
    units: 360_000n,
    price: over.price ?? 6n * 10n ** 15n,
    start: 1,
    end: 61,
    resultHash: `0x${"1".repeat(64)}`,
    logRoot: `0x${"2".repeat(64)}`,
    outcome: over.outcome ?? 0,
  };
  const receiptHash = signingDigest(domain, "Receipt", receipt);
  return {
    jobId,
    domain,
    order,
    orderDigest,
    receipt,
    receiptHash,
    orderSignature: await signOrder(domain, order, spender.privateKey),
    receiptSignature: rig.sign(receiptHash).serialized,
    settlement: { state: "pending", tx: null, blockNumber: null, fee: null, reason: null },
    rig: { id: newId("rig", 1, (size) => new Uint8Array(size)), name: "r", class: "cpu" },
    breakdown: {
      usedMs: 60_000,
      speedMilli: 6,
      units: 360_000n,
      unitPrice: 10n ** 18n,
      rateVersion: 1,
      price: receipt.price,
      held: 10n ** 18n,
      refunded: 0n,
    },
  };
}

async function failedChecks(bundle: ReceiptBundle, over: object = {}): Promise<string[]> {
  const { checks, verified } = await verifyReceipt(bundle, { chain: nowhere, spec, ...over });
  expect(verified).toBe(false); // the chain does not answer in these tests
  return checks.filter(({ ok }) => ok === false).map(({ name }) => name);
}

describe("a receipt", () => {
  it("that is sound fails nothing, but is not verified without the chain", async () => {
    expect(await failedChecks(await aBundle())).toEqual([]);
  });

  it.each<[string, (bundle: ReceiptBundle) => ReceiptBundle, string[]]>([
    [
      "a changed price",
      (b) => ({ ...b, receipt: { ...b.receipt, price: 7n * 10n ** 15n } }),
      ["price", "receipt"],
    ],
    [
      "a changed ceiling",
      (b) => ({ ...b, order: { ...b.order, maxPrice: 1n } }),
      ["price", "order", "receipt"],
    ],
    ["another job's id", (b) => ({ ...b, jobId: newId("job", 2, (size) => new Uint8Array(size)) }), ["job"]],
    [
      "another rig's signature",
      (b) => ({ ...b, receiptSignature: spender.sign(b.receiptHash).serialized }),
      ["receipt"],
    ],
    ["a signature that is none", (b) => ({ ...b, orderSignature: `0x${"00".repeat(65)}` }), ["order"]],
    [
      "another escrow",
      (b) => ({ ...b, domain: escrowDomain(8686, `0x${"cd".repeat(20)}`) }),
      ["escrow", "order", "receipt"],
    ],
  ])("with %s fails exactly there", async (_what, change, expected) => {
    expect(await failedChecks(change(await aBundle()))).toEqual(expected);
  });

  it("fails for other cells and for another log", async () => {
    expect(
      await failedChecks(await aBundle(), { spec: { ...spec, title: "other" }, log: new Uint8Array([1]) }),
    ).toEqual(["cells", "log"]);
  });

  it("of a rig's fault must be free", async () => {
    expect(await failedChecks(await aBundle({ outcome: 2 }))).toEqual(["price"]);
  });
});

it.each(["Order", "Receipt"] as const)("the digest of an %s is the one that ethers makes", async (type) => {
  const bundle = await aBundle();
  const value: Record<string, unknown> = { ...(type === "Order" ? bundle.order : bundle.receipt) };
  const fields = SIGNED_TYPES[type].map(([kind, name]) => ({ type: kind, name }));

  expect(signingDigest(domain, type, value)).toBe(TypedDataEncoder.hash(domain, { [type]: fields }, value));
});
