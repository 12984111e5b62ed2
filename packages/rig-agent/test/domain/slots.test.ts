import { describe, expect, it } from "vitest";
import type { Inventory } from "@nebula/protocol";
import { slotsOf } from "../../src/domain/slots.ts";

const gpu = (uuid: string) => ({
  uuid,
  model: "m",
  memoryMiB: 1,
  driver: "d",
  computeCapability: null,
  migProfile: null,
});
const machine = (cpus: number, memoryMiB: number, gpus = 0): Inventory => ({
  hostname: "h",
  arch: "x64",
  cpuModel: "c",
  cpus,
  memoryMiB,
  diskFreeMiB: 1,
  engine: "e",
  gpus: Array.from({ length: gpus }, (_, index) => gpu(`GPU-${String(index)}`)),
});

describe("the slots of a machine", () => {
  it.each([
    [2, 24_000, 2],
    [64, 256_000, 4],
    [8, 6_144, 2],
    [1, 1_024, 1],
  ])("with %i cores and %i MiB are %i CPU slots", (cpus, memoryMiB, count) => {
    expect(slotsOf(machine(cpus, memoryMiB), {})).toHaveLength(count);
  });

  it("are one for each GPU beside the CPU slots", () => {
    const slots = slotsOf(machine(16, 128_000, 2), { cpuSlots: 1 });

    expect(slots.map(({ id, gpuUuid }) => [id, gpuUuid])).toEqual([
      ["cpu-0", null],
      ["gpu-0", "GPU-0"],
      ["gpu-1", "GPU-1"],
    ]);
    expect(slots[1]).toMatchObject({ cpus: 4, memoryMiB: 16_384 });
  });

  it("are as many as the owner says", () => {
    expect(slotsOf(machine(4, 8_000), { cpuSlots: 0 })).toEqual([]);
    expect(
      slotsOf(machine(4, 8_000), { cpuSlots: 1, cpusPerSlot: 2, memoryMiBPerSlot: 4_096 }),
    ).toMatchObject([{ cpus: 2, memoryMiB: 4_096 }]);
  });
});
