import { resolve } from "node:path";
import { InvalidInput } from "@nebula/protocol";
import { z } from "zod";
import type { AgentEnvironment } from "./env.ts";

export const DEFAULT_STATE_DIR = "/var/lib/nebula";
const DEFAULT_ENGINE_SOCKET = "/var/run/docker.sock";
const UNIX = "unix://";

const slots = z.strictObject({
  /** How many CPU slots; default: what the machine can give, at most 4. */
  cpuSlots: z.int().min(0).max(256).optional(),
  /** Cores of each CPU slot, default 1. */
  cpusPerSlot: z.number().positive().max(256).optional(),
  /** Memory of each CPU slot in MiB, default 2,048. */
  memoryMiBPerSlot: z.int().min(256).optional(),
});

const configSchema = z.strictObject({
  /** Folder of keys, journal and spool. */
  stateDir: z
    .string()
    .min(1)
    .transform((path) => resolve(path)),
  /** Path of the container engine's socket. */
  engineSocket: z.string().startsWith("/", "expected the path of a unix socket"),
  /** Beginnings of the names of images that the rig may run. */
  imagePrefixes: z.array(z.string().min(1)).min(1),
  slots,
});

/** What `startAgent` needs beside the identity in the state folder. */
export type AgentConfig = z.output<typeof configSchema>;
/** What may be given; the rest has defaults. */
export interface AgentOptions {
  readonly stateDir?: string | undefined;
  readonly engineSocket?: string | undefined;
  readonly imagePrefixes?: readonly string[] | undefined;
  readonly slots?: z.input<typeof slots> | undefined;
}

function socketOf(dockerHost: string | undefined): string {
  if (dockerHost === undefined || dockerHost === "") return DEFAULT_ENGINE_SOCKET;
  return dockerHost.startsWith(UNIX) ? dockerHost.slice(UNIX.length) : dockerHost;
}

/** Options over environment over defaults. Throws `InvalidInput` that names every fault at once. */
export function agentConfig(options: AgentOptions, environment: AgentEnvironment): AgentConfig {
  const parsed = configSchema.safeParse({
    stateDir: options.stateDir ?? environment.stateDir ?? DEFAULT_STATE_DIR,
    engineSocket: options.engineSocket ?? socketOf(environment.dockerHost),
    imagePrefixes: options.imagePrefixes ?? ["nebula/kernel-"],
    slots: options.slots ?? {},
  });
  if (!parsed.success)
    throw new InvalidInput(
      "INPUT_INVALID",
      `The agent's settings are not valid: ${z.prettifyError(parsed.error)}`,
    );
  return parsed.data;
}
