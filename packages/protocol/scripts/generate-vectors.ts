// Writes packages/protocol/vectors/*.json: values with what every implementation must make of them.
// `--check` writes nothing and exits 1 where a file differs.
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import {
  ALLOCATION_TRANSITIONS,
  affordableMs,
  ATTEMPT_TRANSITIONS,
  canonicalText,
  escrowDomain,
  JOB_TRANSITIONS,
  LEASE_TRANSITIONS,
  priceOf,
  RIG_TRANSITIONS,
  signingDigest,
  specHashOf,
  unitsOf,
  type SignedType,
} from "../src/index.ts";

const bytes32 = (digit: string): string => `0x${digit.repeat(64)}`;
const address = (digit: string): string => `0x${digit.repeat(40)}`;
const UINT96 = (2n ** 96n - 1n).toString();

const domain = escrowDomain(8686, "0x5fbdb2315678afecb367f032d93f642f64180aa3");

const order = {
  jobId: bytes32("1"),
  payer: address("a"),
  spender: address("b"),
  nonce: 7,
  maxPrice: "60000000000000000",
  unitPrice: "1000000000000000000",
  prepay: "0",
  redundancy: 1,
  expiry: 1_795_000_000,
  specHash: bytes32("2"),
  rateVersion: 1,
};
const receipt = {
  order: bytes32("3"),
  part: 0,
  rig: address("c"),
  units: "360000",
  price: "6000000000000000",
  start: 1_794_990_000,
  end: 1_794_990_060,
  resultHash: bytes32("4"),
  logRoot: bytes32("5"),
  outcome: 0,
};
const grant = {
  payer: address("a"),
  spender: address("b"),
  amount: "50000000000000000000",
  perJobMax: "5000000000000000000",
  validUntil: 1_800_000_000,
  nonce: 0,
};

const signed: readonly { type: SignedType; value: Record<string, string | number> }[] = [
  { type: "Order", value: order },
  {
    type: "Order",
    value: {
      ...order,
      nonce: 2 ** 30 - 1,
      maxPrice: UINT96,
      unitPrice: UINT96,
      prepay: UINT96,
      redundancy: 3,
      expiry: 2 ** 40 - 1,
      rateVersion: 2 ** 32 - 1,
    },
  },
  {
    type: "Order",
    value: {
      ...order,
      jobId: bytes32("0"),
      payer: address("0"),
      spender: address("0"),
      nonce: 0,
      maxPrice: "0",
      unitPrice: "0",
      redundancy: 1,
      expiry: 0,
      specHash: bytes32("0"),
      rateVersion: 0,
    },
  },
  { type: "Receipt", value: receipt },
  {
    type: "Receipt",
    value: {
      ...receipt,
      part: 3,
      units: (2n ** 64n - 1n).toString(),
      price: UINT96,
      start: 2 ** 40 - 1,
      end: 2 ** 40 - 1,
      outcome: 5,
    },
  },
  { type: "Grant", value: grant },
  {
    type: "Grant",
    value: { ...grant, amount: UINT96, perJobMax: UINT96, validUntil: 2 ** 40 - 1, nonce: 2 ** 24 - 1 },
  },
];

const asBigints = (value: Record<string, string | number>): Record<string, string | number | bigint> =>
  Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      typeof field === "string" && !field.startsWith("0x") ? BigInt(field) : field,
    ]),
  );

const eip712 = {
  domain,
  cases: signed.map(({ type, value }) => ({
    type,
    value,
    digest: signingDigest(domain, type, asBigints(value)),
  })),
};

const priced = [
  [0, 6, "1000000000000000000"],
  [1, 1, "1"],
  [60_000, 1_000, "1000000000000000000"],
  [59_999, 1_000, "1000000000000000000"],
  [60_000, 6, "1000000000000000000"],
  [12_345, 7, "999999999999999999"],
  [3_600_000, 65_000, "79228162514264337593543950335"],
] as const;
const prices = priced.map(([usedMs, speedMilli, unitPrice]) => {
  const units = unitsOf(usedMs, speedMilli);
  const price = priceOf(units, BigInt(unitPrice));
  return {
    usedMs,
    speedMilli,
    unitPrice,
    units: units.toString(),
    price: price.toString(),
    affordableMs: affordableMs(price, BigInt(unitPrice), speedMilli),
  };
});

const specs = [
  {
    v: 1,
    image: "coursework",
    class: "cpu",
    cells: [{ id: "a", source: "print('ü € 𝄞')\n", role: "run", tags: [] }],
    timeLimitMs: 600_000,
    transcriptBytes: 16_777_216,
    title: "01-cnn.ipynb",
  },
  { b: [1, -2, null, true, false, '\u0000\u001f\u2028"\\/'], a: {}, "\u00e9": "é", Z: "", "10": 10, "9": 9 },
];
const canonical = specs.map((value) => ({ value, text: canonicalText(value), keccak256: specHashOf(value) }));

const transitions = {
  job: JOB_TRANSITIONS,
  attempt: ATTEMPT_TRANSITIONS,
  lease: LEASE_TRANSITIONS,
  rig: RIG_TRANSITIONS,
  allocation: ALLOCATION_TRANSITIONS,
};

const isCheck = process.argv.includes("--check");
const files = { eip712, prices, canonical, transitions };
let drifted = 0;
for (const [name, content] of Object.entries(files)) {
  const file = new URL(`../vectors/${name}.json`, import.meta.url);
  const options = await resolveConfig(file.pathname);
  const text = await format(JSON.stringify(content), { ...options, parser: "json" });
  if (!isCheck) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    drifted += 1;
    process.stderr.write(
      `vectors/${name}.json differs; run: node packages/protocol/scripts/generate-vectors.ts\n`,
    );
  }
}
process.exitCode = drifted > 0 ? 1 : 0;
