import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import { canonicalBytes, type RigHandshake } from "@nebula/protocol";
import { z } from "zod";

/** Shape of what a rig sends to open a session. */
export const handshakeSchema = z.object({
  rig: z.string().max(64),
  epoch: z
    .int()
    .positive()
    .max(2 ** 31 - 1),
  challenge: z.string().max(128),
  signature: z.base64().max(200),
});

/** Whether `text` is an Ed25519 public key, SPKI DER in base64. */
export function isWireKey(text: string): boolean {
  try {
    return (
      createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" }).asymmetricKeyType ===
      "ed25519"
    );
  } catch {
    return false;
  }
}

/** Whether the handshake is signed with the rig's wire key over the canonical text of `{challenge, epoch, rig}`. */
export function isHandshakeSigned(handshake: RigHandshake, wireKey: string): boolean {
  const { rig, epoch, challenge, signature } = handshake;
  try {
    const key = createPublicKey({ key: Buffer.from(wireKey, "base64"), format: "der", type: "spki" });
    return verify(null, canonicalBytes({ challenge, epoch, rig }), key, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}
