import { readFileSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { arch, availableParallelism, cpus, freemem, hostname, loadavg, totalmem, uptime } from "node:os";
import type { Clock, Host } from "../../app/ports.ts";
import { readGpus } from "../gpu/nvidia-smi.ts";

const MIB = 1024 * 1024;

async function diskFreeMiB(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.floor((bavail * bsize) / MIB);
}

async function memoryFreeMiB(): Promise<number> {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1];
  return available === undefined ? Math.floor(freemem() / MIB) : Math.floor(Number(available) / 1024);
}

/** This machine; disk figures are those of the file system that holds `stateDir`. */
export function linuxHost(stateDir: string): Host {
  return {
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    async inventory(engine) {
      return {
        hostname: hostname(),
        arch: arch(),
        cpuModel: cpus()[0]?.model ?? "unknown",
        cpus: availableParallelism(),
        memoryMiB: Math.floor(totalmem() / MIB),
        diskFreeMiB: await diskFreeMiB(stateDir),
        engine,
        gpus: await readGpus(),
      };
    },
    async load() {
      return {
        load1: loadavg()[0] ?? 0,
        memoryFreeMiB: await memoryFreeMiB(),
        diskFreeMiB: await diskFreeMiB(stateDir),
      };
    },
  };
}

/** The machine's clocks. */
export const systemClock: Clock = {
  bootMs: () => uptime() * 1000,
  monotoneMs: () => performance.now(),
  unixMs: () => Math.floor(performance.timeOrigin + performance.now()),
};
