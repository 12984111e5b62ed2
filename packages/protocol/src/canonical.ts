import { keccak_256 } from "@noble/hashes/sha3.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { Bug } from "./errors.ts";

function quoted(value: unknown): string {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return JSON.stringify(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(quoted).join(",")}]`;
  if (typeof value === "object") return quotedObject(value);
  throw new Bug("INTERNAL", `A ${typeof value} has no canonical form`);
}

function quotedObject(value: object): string {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${quoted(field)}`).join(",")}}`;
}

/**
 * Canonical text of a JSON value: keys sorted by UTF-16 code unit, no white space; only strings, safe integers,
 * booleans, null, arrays and objects (fields that are `undefined` are left out). Throws `Bug` on anything else.
 */
export function canonicalText(value: unknown): string {
  return quoted(value);
}

/** UTF-8 bytes of the canonical text. */
export function canonicalBytes(value: unknown): Uint8Array {
  return utf8ToBytes(quoted(value));
}

/** keccak-256 as 0x-prefixed hex. */
export function keccakHex(bytes: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(bytes))}`;
}

/** SHA-256 as 0x-prefixed hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return `0x${bytesToHex(sha256(bytes))}`;
}

/** Hash of a job's specification, as it stands in the order: keccak-256 of the canonical bytes. */
export function specHashOf(spec: unknown): string {
  return keccakHex(canonicalBytes(spec));
}

/** Job id as the contracts know it: keccak-256 of its UTF-8 text. */
export function chainJobId(jobId: string): string {
  return keccakHex(utf8ToBytes(jobId));
}
