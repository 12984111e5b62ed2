import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SigningKey, Wallet, computeAddress, hexlify, randomBytes } from "ethers";
import { NotFound } from "@nebula/protocol";
import type { ReceiptSigner } from "../../app/ports.ts";

const WIRE_FILE = "wire.pem";
const RECEIPT_FILE = "receipt.key";

/** The rig's two keys: Ed25519 for the wire, secp256k1 for receipts. */
export interface RigKeys extends ReceiptSigner {
  /** Ed25519 public key, SPKI DER in base64. */
  readonly wirePublic: string;
  /** Ed25519 signature in base64. */
  signWire(bytes: Uint8Array): string;
  /** EIP-191 signature of a text with the receipt key. */
  signText(text: string): string;
}

function rigKeys(wire: KeyObject, receiptSecret: string): RigKeys {
  const receipt = new SigningKey(receiptSecret);
  const wallet = new Wallet(receipt);
  return {
    address: computeAddress(receipt.publicKey).toLowerCase(),
    sign: (digest) => receipt.sign(digest).serialized,
    wirePublic: createPublicKey(wire).export({ type: "spki", format: "der" }).toString("base64"),
    signWire: (bytes) => sign(null, bytes, wire).toString("base64"),
    signText: (text) => wallet.signMessageSync(text),
  };
}

async function writeNew(path: string, secret: string): Promise<void> {
  // `wx`: a key is never overwritten.
  await writeFile(path, secret, { mode: 0o600, flag: "wx" });
}

/** Makes the keys in `<state>/keys`, mode 0600; keys that are there already are kept. */
export async function makeKeys(stateDir: string): Promise<RigKeys> {
  const folder = join(stateDir, "keys");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync("ed25519");
  for (const [name, secret] of [
    [WIRE_FILE, privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
    [RECEIPT_FILE, hexlify(randomBytes(32))],
  ] as const) {
    await writeNew(join(folder, name), secret).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    });
  }
  return readKeys(stateDir);
}

/** The keys in `<state>/keys`. Throws `NotFound` when the machine is not enrolled. */
export async function readKeys(stateDir: string): Promise<RigKeys> {
  try {
    const wire = createPrivateKey(await readFile(join(stateDir, "keys", WIRE_FILE), "utf8"));
    return rigKeys(wire, (await readFile(join(stateDir, "keys", RECEIPT_FILE), "utf8")).trim());
  } catch (cause) {
    throw new NotFound(
      "RIG_UNKNOWN",
      `No keys in ${join(stateDir, "keys")}: enrol this machine first with "nebula-rig enrol"`,
      { cause },
    );
  }
}
