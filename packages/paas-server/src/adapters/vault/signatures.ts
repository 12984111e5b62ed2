import { hashMessage, recoverAddress } from "ethers";
import type { Signatures } from "../../app/ports.ts";

function recover(digest: string, signature: string): string | null {
  try {
    return recoverAddress(digest, signature).toLowerCase();
  } catch {
    return null; // malformed, or with a high s: no signer
  }
}

/** Checks by secp256k1. */
export const signatures: Signatures = {
  recover,
  recoverText: (text, signature) => recover(hashMessage(text), signature),
};
