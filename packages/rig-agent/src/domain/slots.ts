import type { Inventory, Slot } from "@nebula/protocol";

/** How many CPU slots a rig offers and how large each is; by default what the machine can give without starving itself. */
export interface SlotPolicy {
  readonly cpuSlots?: number | undefined;
  readonly cpusPerSlot?: number | undefined;
  readonly memoryMiBPerSlot?: number | undefined;
}

const MEMORY_MIB_PER_SLOT = 2_048;
/** Memory that the host keeps for itself per slot. */
const HEADROOM_MIB = 1_024;
const CPU_SLOTS_MAX = 4;
const CPUS_PER_GPU = 4;
const MEMORY_MIB_PER_GPU = 16_384;

function gpuSlots(inventory: Inventory): Slot[] {
  const count = inventory.gpus.length;
  if (count === 0) return [];
  const cpus = Math.max(1, Math.min(CPUS_PER_GPU, Math.floor(inventory.cpus / count)));
  const memoryMiB = Math.max(
    1_024,
    Math.min(MEMORY_MIB_PER_GPU, Math.floor((inventory.memoryMiB * 0.8) / count)),
  );
  return inventory.gpus.map((gpu, index) => ({
    id: `gpu-${String(index)}`,
    cpus,
    memoryMiB,
    gpuUuid: gpu.uuid,
  }));
}

function cpuSlots(inventory: Inventory, policy: SlotPolicy): Slot[] {
  const memoryMiB = policy.memoryMiBPerSlot ?? MEMORY_MIB_PER_SLOT;
  const cpus = policy.cpusPerSlot ?? 1;
  const byMemory = Math.floor(inventory.memoryMiB / (memoryMiB + HEADROOM_MIB));
  const fitting = Math.max(1, Math.min(Math.floor(inventory.cpus / cpus), byMemory, CPU_SLOTS_MAX));
  const count = policy.cpuSlots ?? fitting;
  return Array.from({ length: count }, (_, index) => ({
    id: `cpu-${String(index)}`,
    cpus,
    memoryMiB,
    gpuUuid: null,
  }));
}

/** The slots of a machine: one per GPU or MIG slice, and CPU slots beside them. */
export function slotsOf(inventory: Inventory, policy: SlotPolicy): readonly Slot[] {
  return [...cpuSlots(inventory, policy), ...gpuSlots(inventory)];
}
