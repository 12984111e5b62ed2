/**
 * ABI of ComputeEscrow. Its constructor takes one tuple of `token, treasury, admin, registrar, feeBps (0–300),
 * exitDelay, settlementWindow (seconds, at most 30 days each)`.
 */
export { escrowAbi } from "./generated/compute-escrow.ts";

/** Creation code of ComputeEscrow as `0x` hex; the encoded constructor arguments follow it. */
export { escrowBytecode } from "./generated/compute-escrow.ts";

/** ABI of NbaiToken. Its constructor takes the address that receives the whole supply. */
export { tokenAbi } from "./generated/nbai-token.ts";

/** Creation code of NbaiToken as `0x` hex; the encoded constructor arguments follow it. */
export { tokenBytecode } from "./generated/nbai-token.ts";

/** SHA-256 (hex) over both creation codes: differs from the one kept at deployment when the contracts have changed. */
export { bytecodeHash } from "./generated/bytecode-hash.ts";
