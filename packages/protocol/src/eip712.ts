import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { Bug } from "./errors.ts";
import { addressSchema } from "./ids.ts";

/** Where a signature holds: one escrow on one chain (EIP-712 `EIP712Domain`). */
export const domainSchema = z.object({
  name: z.literal("Nebula ComputeEscrow"),
  version: z.literal("1"),
  chainId: z.int().positive(),
  verifyingContract: addressSchema,
});
export type Domain = z.infer<typeof domainSchema>;

/** The domain of an escrow at `verifyingContract` on `chainId`. */
export function escrowDomain(chainId: number, verifyingContract: string): Domain {
  return {
    name: "Nebula ComputeEscrow",
    version: "1",
    chainId,
    verifyingContract: verifyingContract.toLowerCase(),
  };
}

type FieldType = "address" | "bytes32" | "uint8" | "uint24" | "uint32" | "uint40" | "uint64" | "uint96";
type Fields = readonly (readonly [FieldType, string])[];

/** Fields of the signed types, in the order they are hashed. The contracts hold the same table. */
export const SIGNED_TYPES = {
  Grant: [
    ["address", "payer"],
    ["address", "spender"],
    ["uint96", "amount"],
    ["uint96", "perJobMax"],
    ["uint40", "validUntil"],
    ["uint24", "nonce"],
  ],
  Order: [
    ["bytes32", "jobId"],
    ["address", "payer"],
    ["address", "spender"],
    ["uint32", "nonce"],
    ["uint96", "maxPrice"],
    ["uint96", "unitPrice"],
    ["uint96", "prepay"],
    ["uint8", "redundancy"],
    ["uint40", "expiry"],
    ["bytes32", "specHash"],
    ["uint32", "rateVersion"],
  ],
  Receipt: [
    ["bytes32", "order"],
    ["uint8", "part"],
    ["address", "rig"],
    ["uint64", "units"],
    ["uint96", "price"],
    ["uint40", "start"],
    ["uint40", "end"],
    ["bytes32", "resultHash"],
    ["bytes32", "logRoot"],
    ["uint8", "outcome"],
  ],
} as const satisfies Record<string, Fields>;

export type SignedType = keyof typeof SIGNED_TYPES;

const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

function word(value: bigint | number): Uint8Array {
  return hexToBytes(BigInt(value).toString(16).padStart(64, "0"));
}

function encodeUint(bits: number, value: unknown): Uint8Array {
  if (typeof value !== "bigint" && typeof value !== "number")
    throw new Bug("INTERNAL", `A uint${String(bits)} must be a number or bigint`);
  const size = BigInt(value);
  if (size < 0n || size >= 2n ** BigInt(bits))
    throw new Bug("INTERNAL", `${String(size)} does not fit uint${String(bits)}`);
  return word(size);
}

function encodeField(type: FieldType, value: unknown): Uint8Array {
  if (type !== "address" && type !== "bytes32") return encodeUint(Number(type.slice(4)), value);
  const size = type === "address" ? 20 : 32;
  if (typeof value !== "string" || !new RegExp(`^0x[0-9a-fA-F]{${String(size * 2)}}$`).test(value)) {
    throw new Bug("INTERNAL", `Expected ${String(size)} bytes of hex for a field of type ${type}`);
  }
  return concatBytes(new Uint8Array(32 - size), hexToBytes(value.slice(2)));
}

/** The type's text as EIP-712 hashes it, such as `Grant(address payer,…)`. */
export function typeText(type: SignedType): string {
  return `${type}(${SIGNED_TYPES[type].map(([kind, name]) => `${kind} ${name}`).join(",")})`;
}

function structHash(type: SignedType, value: Readonly<Record<string, unknown>>): Uint8Array {
  const fields: Fields = SIGNED_TYPES[type];
  return keccak_256(
    concatBytes(
      keccak_256(utf8ToBytes(typeText(type))),
      ...fields.map(([kind, name]) => encodeField(kind, value[name])),
    ),
  );
}

function domainHash(domain: Domain): Uint8Array {
  return keccak_256(
    concatBytes(
      keccak_256(utf8ToBytes(DOMAIN_TYPE)),
      keccak_256(utf8ToBytes(domain.name)),
      keccak_256(utf8ToBytes(domain.version)),
      word(domain.chainId),
      encodeField("address", domain.verifyingContract),
    ),
  );
}

/** The 32 bytes that are signed, as hex (EIP-712): keccak(0x19 01 ‖ domain ‖ struct). Throws `Bug` on a field out of its range. */
export function signingDigest(
  domain: Domain,
  type: SignedType,
  value: Readonly<Record<string, unknown>>,
): string {
  const prefix = new Uint8Array([0x19, 0x01]);
  return `0x${bytesToHex(keccak_256(concatBytes(prefix, domainHash(domain), structHash(type, value))))}`;
}
