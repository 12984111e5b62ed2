import { z } from "zod";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Prefixes of every kind of id. */
export const ID_PREFIXES = {
  job: "job",
  attempt: "att",
  rig: "rig",
  account: "acc",
  allocation: "alo",
  event: "evt",
  message: "msg",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/**
 * A new id such as `job_0678…`: prefix, then 26 characters of Crockford base 32 (10 of time, 16 of chance), so ids sort by age.
 * `nowMs` is unix milliseconds; `random` gives `n` random bytes.
 */
export function newId(kind: IdKind, nowMs: number, random: (size: number) => Uint8Array): string {
  let time = "";
  for (let rest = nowMs, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32))
    time = (ALPHABET[rest % 32] ?? "0") + time;
  const chance = Array.from(random(16), (byte) => ALPHABET[byte % 32] ?? "0").join("");
  return `${ID_PREFIXES[kind]}_${time}${chance}`;
}

/** Schema of one kind of id. */
export function idSchema(kind: IdKind) {
  return z
    .string()
    .regex(
      new RegExp(`^${ID_PREFIXES[kind]}_[0-9a-hjkmnp-tv-z]{26}$`),
      `expected an id that begins with ${ID_PREFIXES[kind]}_`,
    );
}

/** A 32-byte value as 0x-prefixed lower-case hex. */
export const bytes32Schema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "expected 32 bytes as 0x-prefixed lower-case hex");

/** A chain address as 0x-prefixed hex; compared in lower case. */
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "expected an address")
  .overwrite((text) => text.toLowerCase());

/** A secp256k1 signature r ‖ s ‖ v as hex, 65 bytes. */
export const signatureSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{130}$/, "expected a 65-byte signature as hex");
