import { canonicalBytes, sha256Hex, type Inventory, type Slot } from "@nebula/protocol";
import type { ClassConfig } from "../config/config.ts";

/** The class that a slot of a rig belongs to. */
export interface SlotClass {
  readonly name: string;
  readonly classId: string;
}

/**
 * Id of a capability class: SHA-256 of the facts that a slot must have, as hex. Jobs and slots meet where their ids are equal, so the
 * facts are those of the class, not of the single machine.
 */
export function classIdOf(entry: ClassConfig): string {
  const { name, cpus, memoryMiB, gpu } = entry;
  return sha256Hex(canonicalBytes({ v: 1, name, milliCpus: Math.round(cpus * 1000), memoryMiB, gpu })).slice(
    2,
    34,
  );
}

/** Ids of the classes that a job of the named class accepts; empty where the campus has no such class. */
export function acceptedClassIds(className: string, classes: readonly ClassConfig[]): readonly string[] {
  return classes.filter((entry) => entry.name === className).map(classIdOf);
}

function fits(entry: ClassConfig, slot: Slot, inventory: Inventory): boolean {
  if (slot.cpus < entry.cpus || slot.memoryMiB < entry.memoryMiB) return false;
  if (entry.gpu === null) return slot.gpuUuid === null;
  const gpu = inventory.gpus.find((candidate) => candidate.uuid === slot.gpuUuid);
  if (gpu === undefined || gpu.memoryMiB < entry.gpu.memoryMiB) return false;
  return entry.gpu.models.length === 0 || entry.gpu.models.includes(gpu.model);
}

/** The fastest class of the rate card whose needs a slot meets; null where it meets none (a GPU slot is never a CPU slot). */
export function classOfSlot(
  slot: Slot,
  inventory: Inventory,
  classes: readonly ClassConfig[],
): SlotClass | null {
  let best: ClassConfig | null = null;
  for (const entry of classes) {
    if (fits(entry, slot, inventory) && entry.speedMilli > (best?.speedMilli ?? 0)) best = entry;
  }
  return best === null ? null : { name: best.name, classId: classIdOf(best) };
}
