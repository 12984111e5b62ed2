import { createHash } from "node:crypto";
import { CELLS_BYTES_MAX, canonicalText, InvalidInput, type JobSpec, type Nbai } from "@nebula/protocol";
import type { ClassConfig, ServerConfig } from "../config/config.ts";
import { ceilingOf, cellsBytes } from "../domain/quote.ts";

/** A specification that this campus can run. */
export interface CheckedSpec {
  readonly spec: JobSpec;
  readonly class: ClassConfig;
  readonly imageTag: string;
  readonly ceiling: Nbai;
  /** Same image, same cells, same class: the same hash, whatever title and limits. */
  readonly cellsHash: string;
}

function names(of: readonly { readonly name: string }[]): string {
  return of.map((entry) => entry.name).join(", ");
}

function cellsHashOf(spec: JobSpec): string {
  const cells = spec.cells.map((cell) => [cell.role, cell.source]);
  return createHash("sha256")
    .update(canonicalText([spec.image, cells]))
    .digest("hex");
}

/** Checks what needs no database. Throws `InvalidInput` (CLASS_UNKNOWN, IMAGE_UNKNOWN, CELLS_TOO_LARGE). */
export function checkSpec(
  config: Pick<ServerConfig, "classes" | "images">,
  spec: JobSpec,
  ceiling: Nbai | undefined,
): CheckedSpec {
  const entry = config.classes.find((candidate) => candidate.name === spec.class);
  if (entry === undefined)
    throw new InvalidInput(
      "CLASS_UNKNOWN",
      `No class is named ${spec.class}; there are: ${names(config.classes)}`,
    );
  const image = config.images.find((candidate) => candidate.name === spec.image);
  if (image === undefined)
    throw new InvalidInput(
      "IMAGE_UNKNOWN",
      `No image is named ${spec.image}; there are: ${names(config.images)}`,
    );
  const bytes = cellsBytes(spec);
  if (bytes > CELLS_BYTES_MAX) {
    throw new InvalidInput(
      "CELLS_TOO_LARGE",
      `The cells have ${String(bytes)} bytes together; at most ${String(CELLS_BYTES_MAX)} go into one job`,
      { data: { bytes, limit: CELLS_BYTES_MAX } },
    );
  }
  return {
    spec,
    class: entry,
    imageTag: image.tag,
    ceiling: ceilingOf(spec, entry, ceiling),
    cellsHash: cellsHashOf(spec),
  };
}
