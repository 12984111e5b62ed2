import { NBAI } from "@nebula/protocol";
import type { ClassConfig } from "./config.ts";

/**
 * Rate card, version 1: one NBAI per GpuMinute. Speeds are single-precision peak figures of the makers' data sheets over the
 * 7,514 GFLOP/s that a 1080 Ti sustains (whitepaper, unit of account); the CPU class is one core at about 45 GFLOP/s.
 */
export const DEFAULT_CLASSES: readonly ClassConfig[] = [
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
    gpu: { memoryMiB: 8_000, models: [] },
  },
];
