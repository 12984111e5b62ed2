import { NBAI } from "@nebula/protocol";

/**
 * Rate card, version 1: one NBAI per GpuMinute. The GPU class counts as the card of the unit of account, a 1080 Ti (7,514 GFLOP/s,
 * whitepaper), whatever faster card a rig gives; the CPU class as one core at about 45 GFLOP/s.
 */
export const DEFAULT_CLASSES = [
  {
    name: "cpu",
    title: "One CPU core, 2 GiB",
    speedMilli: 6,
    unitPrice: NBAI,
    cpus: 1,
    memoryMiB: 2_048,
    gpu: null,
  },
  {
    name: "gpu",
    title: "One GPU with at least 8 GiB",
    speedMilli: 1_000,
    unitPrice: NBAI,
    cpus: 2,
    memoryMiB: 8_192,
    gpu: { memoryMiB: 8_000, models: [] as string[] },
  },
];
