import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keccakHex } from "@nebula/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readKeyFile, readOrCreateKeyFile } from "../../src/adapters/vault/key-files.ts";
import { signatures } from "../../src/adapters/vault/signatures.ts";
import { createVault } from "../../src/adapters/vault/vault.ts";

const random = { bytes: (size: number) => randomBytes(size) };
const digest = keccakHex(new Uint8Array([1]));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nebula-vault-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a sealed key signs for its address", () => {
  const vault = createVault(randomBytes(32), random);
  const key = vault.createKey();

  expect(signatures.recover(digest, vault.sign(key, digest))).toBe(key.address);
});

test("a key does not open under another master key, for another address, or when one byte of it is changed", () => {
  const vault = createVault(randomBytes(32), random);
  const [key, other] = [vault.createKey(), vault.createKey()];
  const changed = key.sealedKey.slice(0, -3) + (key.sealedKey.endsWith("A==") ? "B==" : "AA=");

  expect(() => createVault(randomBytes(32), random).sign(key, digest)).toThrow(/does not open/);
  expect(() => vault.sign({ ...key, address: other.address }, digest)).toThrow(/does not open/);
  expect(() => vault.sign({ ...key, sealedKey: changed }, digest)).toThrow(/does not open/);
});

test("the secret does not stand in what is stored", () => {
  const secret = randomBytes(32);
  const sizes: number[] = [];
  const vault = createVault(randomBytes(32), {
    bytes: (size) => (sizes.push(size), sizes.length === 1 ? secret : randomBytes(size)),
  });

  const { sealedKey } = vault.createKey();

  expect(Buffer.from(sealedKey.slice(3), "base64").includes(secret)).toBe(false);
});

test.each([["0x"], ["0x00"], [`0x${"00".repeat(65)}`], [`0x${"ff".repeat(65)}`], ["not hex"]])(
  "the malformed signature %s has no signer",
  (signature) => {
    expect(signatures.recover(digest, signature)).toBeNull();
  },
);

test("the twin of a signature with a high s has no signer", () => {
  const vault = createVault(randomBytes(32), random);
  const signature = vault.sign(vault.createKey(), digest);
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const twin = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, "0");
  const flipped = signature.endsWith("1b") ? "1c" : "1b";

  expect(signatures.recover(digest, `${signature.slice(0, 66)}${twin}${flipped}`)).toBeNull();
});

test("a key file is made once, for its owner only, and read again", async () => {
  const path = join(folder, "deep", "master.key");

  const [made, read] = [await readOrCreateKeyFile(path), await readOrCreateKeyFile(path)];

  expect(read).toEqual(made);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a key file that others may read, that is missing or that holds no key is refused with the remedy", async () => {
  const path = join(folder, "open.key");
  await writeFile(path, "11".repeat(32));
  await chmod(path, 0o644);
  const bad = join(folder, "bad.key");
  await writeFile(bad, "hello", { mode: 0o600 });

  await expect(readKeyFile(path)).rejects.toThrow(/chmod 600/);
  await expect(readKeyFile(join(folder, "none"))).rejects.toThrow(/missing/);
  await expect(readKeyFile(bad)).rejects.toThrow(/32 bytes in hex/);
});
