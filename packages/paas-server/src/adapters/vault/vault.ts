import { createCipheriv, createDecipheriv } from "node:crypto";
import { Bug } from "@nebula/protocol";
import { SigningKey, Wallet } from "ethers";
import type { Random, Vault } from "../../app/ports.ts";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const VERSION = "v1";

interface Sealer {
  seal(plain: Uint8Array, boundTo: string): string;
  open(sealed: string, boundTo: string): Uint8Array;
}

/** Authenticated encryption; `boundTo` is checked on opening, so a sealed key moved to another row does not open. */
function sealerOf(masterKey: Uint8Array, random: Random): Sealer {
  return {
    seal(plain, boundTo) {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, masterKey, nonce).setAAD(Buffer.from(boundTo));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return `${VERSION}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64")}`;
    },
    open(sealed, boundTo) {
      const bytes = Buffer.from(sealed.slice(VERSION.length + 1), "base64");
      const decipher = createDecipheriv(ALGORITHM, masterKey, bytes.subarray(0, NONCE_BYTES)).setAAD(
        Buffer.from(boundTo),
      );
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    },
  };
}

function opened(sealer: Sealer, key: { readonly address: string; readonly sealedKey: string }): SigningKey {
  try {
    return new SigningKey(sealer.open(key.sealedKey, key.address));
  } catch (error) {
    throw new Bug("INTERNAL", `The key of ${key.address} does not open with the master key in use`, {
      cause: error,
    });
  }
}

/** Keys in managed custody, sealed under a 32-byte master key. */
export function createVault(masterKey: Uint8Array, random: Random): Vault {
  if (masterKey.length !== KEY_BYTES)
    throw new Bug("INTERNAL", `The master key must have ${KEY_BYTES} bytes, it has ${masterKey.length}`);
  const sealer = sealerOf(masterKey, random);
  return {
    createKey() {
      const secret = random.bytes(KEY_BYTES);
      const address = new Wallet(new SigningKey(secret)).address.toLowerCase();
      return { address, sealedKey: sealer.seal(secret, address) };
    },
    sign: (key, digest) => opened(sealer, key).sign(digest).serialized,
  };
}
