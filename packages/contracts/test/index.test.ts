import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { bytecodeHash, escrowAbi, escrowBytecode, tokenAbi, tokenBytecode } from "../src/index.ts";

// EIP-170: a larger contract cannot be deployed.
const LARGEST_CODE_BYTES = 24_576;

function namesOf(abi: readonly { readonly type: string; readonly name?: string }[], type: string) {
  return abi.filter((entry) => entry.type === type).map((entry) => entry.name);
}

test("the hash is that of both creation codes", () => {
  const both = `${escrowBytecode}\n${tokenBytecode}`;

  expect(bytecodeHash).toBe(createHash("sha256").update(both).digest("hex"));
});

test("the escrow names every function the platform calls", () => {
  expect(namesOf(escrowAbi, "function")).toEqual(
    expect.arrayContaining([
      ...["deposit", "depositWithPermit", "setGrant", "settleOne", "enrolRig", "retireRig"],
      ...["requestExit", "withdraw", "requestRigExit", "rigWithdraw", "collectFees"],
      ...["payers", "grants", "rigs", "rigKeys", "isUsed", "isSettled", "orderDigest", "receiptDigest"],
    ]),
  );
});

test("every error of the escrow's own carries its name", () => {
  const own = namesOf(escrowAbi, "error").filter((name) => name?.startsWith("ComputeEscrow_"));

  expect(own).toContain("ComputeEscrow_PartPaid");
  expect(own.length).toBeGreaterThan(20);
});

test("the token moves by allowance and by signature", () => {
  expect(namesOf(tokenAbi, "function")).toEqual(
    expect.arrayContaining(["transfer", "approve", "permit", "transferWithAuthorization"]),
  );
});

test("both contracts can be deployed", () => {
  for (const bytecode of [escrowBytecode, tokenBytecode]) {
    expect(bytecode).toMatch(/^0x[0-9a-f]+$/);
    expect((bytecode.length - 2) / 2).toBeLessThan(LARGEST_CODE_BYTES);
  }
});
