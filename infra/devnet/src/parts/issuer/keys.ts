import { createHash, generateKeyPair } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import { promisify } from "node:util";
import { join } from "node:path";
import { randomSecret, secretFile } from "../../process/private-file.ts";

/** Keys of the issuer. They stay the same over restarts, so tokens stay good. */
export interface IssuerKeys {
  /** One RSA key of 2048 bits for RS256, private. */
  readonly signing: JsonWebKey;
  /** Signs cookies. */
  readonly cookies: string;
}

/** Reads the keys from the folder, or makes them at first start (mode 0600). */
export async function issuerKeys(folder: string): Promise<IssuerKeys> {
  const signing = await secretFile(join(folder, "signing-key.json"), newSigningKey);
  const cookies = await secretFile(join(folder, "cookie-key"), () => randomSecret(32));
  return { signing: JSON.parse(signing) as JsonWebKey, cookies }; // written by newSigningKey
}

async function newSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const key = privateKey.export({ format: "jwk" });
  const kid = createHash("sha256")
    .update(JSON.stringify({ e: key.e, kty: key.kty, n: key.n }))
    .digest("base64url");
  return JSON.stringify({ ...key, kid, use: "sig", alg: "RS256" });
}
