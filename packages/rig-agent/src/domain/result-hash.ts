import { canonicalBytes, keccakHex, type FrameResult } from "@nebula/protocol";

/** Hash of what the attempt produced: keccak-256 of the canonical `[{path, sizeBytes, sha256}]`, sorted by path by code unit. */
export function resultHashOf(artefacts: FrameResult["artefacts"]): string {
  const rows = artefacts.map(({ path, size, sha256 }) => ({ path, sizeBytes: size, sha256 }));
  rows.sort((a, b) => (a.path < b.path ? -1 : 1));
  return keccakHex(canonicalBytes(rows));
}
