import { z } from "zod";
import type { Inventory } from "@nebula/protocol";

type Gpu = Inventory["gpus"][number];

/** A list, whether the document held none, one or several of the element. */
function listOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess((value): unknown => {
    if (value === undefined || value === "") return [];
    return Array.isArray(value) ? value : [value];
  }, z.array(item));
}

const text = z.coerce.string();
const memory = z.object({ total: text });
const migDevice = z.object({
  uuid: text.optional(),
  gpu_instance_id: text,
  compute_instance_id: text,
  fb_memory_usage: memory,
});
const gpuNode = z.object({
  product_name: text,
  uuid: text,
  fb_memory_usage: memory,
  mig_mode: z.object({ current_mig: text }).optional(),
  mig_devices: z.union([z.object({ mig_device: listOf(migDevice) }), z.string()]).optional(),
});
const logSchema = z.object({ nvidia_smi_log: z.object({ driver_version: text, gpu: listOf(gpuNode) }) });

const MIB = /^(\d+) MiB$/;

function memoryMiBOf(total: string): number {
  return Number(MIB.exec(total)?.[1] ?? 0);
}

function slicesOf(gpu: z.infer<typeof gpuNode>): z.infer<typeof migDevice>[] {
  if (gpu.mig_mode?.current_mig !== "Enabled") return [];
  return typeof gpu.mig_devices === "object" ? gpu.mig_devices.mig_device : [];
}

/** Extra facts that the XML report of some drivers leaves out, by GPU uuid. */
export interface GpuExtras {
  readonly computeCapabilities: ReadonlyMap<string, string>;
  /** Uuid of each MIG slice, in the order in which the driver lists those of one GPU, and its profile. */
  readonly slices: ReadonlyMap<string, readonly { readonly uuid: string; readonly profile: string }[]>;
}

/**
 * GPUs of a parsed `nvidia-smi -q -x` report. A GPU in MIG mode counts as its slices, each a device of its own; a GPU in MIG mode
 * without slices gives none. Throws a `ZodError` on a report of another shape.
 */
export function gpusOf(report: unknown, extras: GpuExtras): readonly Gpu[] {
  const log = logSchema.parse(report).nvidia_smi_log;
  return log.gpu.flatMap((gpu) => {
    const shared = {
      model: gpu.product_name,
      driver: log.driver_version,
      computeCapability: extras.computeCapabilities.get(gpu.uuid) ?? null,
    };
    if (gpu.mig_mode?.current_mig !== "Enabled") {
      return [
        { ...shared, uuid: gpu.uuid, memoryMiB: memoryMiBOf(gpu.fb_memory_usage.total), migProfile: null },
      ];
    }
    const known = extras.slices.get(gpu.uuid) ?? [];
    return slicesOf(gpu).flatMap((slice, index) => {
      const uuid = slice.uuid ?? known[index]?.uuid;
      if (uuid === undefined) return [];
      const memoryMiB = memoryMiBOf(slice.fb_memory_usage.total);
      return [{ ...shared, uuid, memoryMiB, migProfile: known[index]?.profile ?? null }];
    });
  });
}

const GPU_LINE = /^GPU \d+: .*\(UUID: (GPU-[0-9a-f-]+)\)$/;
const SLICE_LINE = /^\s+MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-[^)]+)\)$/;

/** Slices by GPU from the text of `nvidia-smi -L`. */
export function slicesByGpu(listing: string): GpuExtras["slices"] {
  const slices = new Map<string, { uuid: string; profile: string }[]>();
  let current: { uuid: string; profile: string }[] = [];
  for (const line of listing.split("\n")) {
    const gpu = GPU_LINE.exec(line)?.[1];
    if (gpu !== undefined) slices.set(gpu, (current = []));
    const [, profile, uuid] = SLICE_LINE.exec(line) ?? [];
    if (profile !== undefined && uuid !== undefined) current.push({ uuid, profile });
  }
  return slices;
}

/** Compute capability by GPU uuid from `nvidia-smi --query-gpu=uuid,compute_cap --format=csv,noheader`. */
export function computeCapabilities(csv: string): ReadonlyMap<string, string> {
  const rows = csv.split("\n").map((line) => line.split(",").map((field) => field.trim()));
  return new Map(
    rows.flatMap(([uuid, capability]) => (uuid && capability ? [[uuid, capability] as const] : [])),
  );
}
