import { addressSchema, nbaiSchema, RIG_TIMES } from "@nebula/protocol";
import { z } from "zod";
import { DEFAULT_CLASSES } from "./rate-card.ts";

const origin = z
  .url()
  .refine((text) => new URL(text).origin === text, "expected an origin such as http://127.0.0.1:8704");
const loopbackUrl = (port: number) => `http://127.0.0.1:${String(port)}`;

const classSchema = z.strictObject({
  name: z.string().min(1).max(64),
  title: z.string(),
  /** Thousandths of a 1080 Ti. */
  speedMilli: z.int().positive(),
  /** Base units per GpuMinute. */
  unitPrice: nbaiSchema,
  cpus: z.number().positive(),
  memoryMiB: z.int().positive(),
  /** Least GPU that a slot of this class has; null for CPU classes. `models` empty: any. */
  gpu: z.strictObject({ memoryMiB: z.int().positive(), models: z.array(z.string()) }).nullable(),
});
/** One class of the rate card. */
export type ClassConfig = z.infer<typeof classSchema>;

const imageSchema = z.strictObject({
  name: z.string().min(1).max(128),
  title: z.string(),
  tag: z.string().min(1),
});

/** Settings of the server, each with its default. Times are milliseconds. */
export const configSchema = z.strictObject({
  campusName: z.string().min(1).default("Nebula Campus"),
  isDemo: z.boolean().default(false),
  host: z.string().default("127.0.0.1"),
  /** 0: any free port. */
  port: z.int().min(0).max(65_535).default(8700),
  /** Address by which browsers and rigs reach this server; null: where it listens. */
  publicUrl: origin.nullable().default(null),
  databaseUrl: z.string().regex(/^postgres(ql)?:\/\//, "expected a postgres:// address"),
  /** Connections of one replica to the database. */
  databaseConnections: z.int().min(2).max(15).default(13),
  issuer: z
    .strictObject({
      url: z.url().default(`${loopbackUrl(8701)}/realms/nebula`),
      /** Client of the browser's sign-in. */
      clientId: z.string().default("nebula-lab"),
      audience: z.string().default("nebula-server"),
      /** Clients whose access tokens are taken (`azp`). */
      authorizedParties: z.array(z.string()).min(1).default(["nebula-lab", "nebula-cli", "nebula-server"]),
    })
    .prefault({}),
  chain: z.strictObject({
    rpcUrl: z.url().default(loopbackUrl(8702)),
    /** Address of the chain as browsers reach it; null: the same. */
    publicRpcUrl: z.url().nullable().default(null),
    chainId: z.int().positive().default(8686),
    token: addressSchema,
    escrow: addressSchema,
    /** File with the private key (hex) of the sender and registrar, mode 0600. */
    keyFile: z.string().min(1),
  }),
  /** File with the vault's master key, mode 0600; made where it is missing. */
  masterKeyFile: z.string().min(1),
  /** Origins of notebooks that may call and sign in. */
  origins: z.array(origin).default([loopbackUrl(8704)]),
  rateVersion: z.int().nonnegative().default(1),
  classes: z
    .array(classSchema)
    .min(1)
    .default([...DEFAULT_CLASSES]),
  defaultClass: z.string().default("cpu"),
  images: z.array(imageSchema).min(1),
  defaultImage: z.string().default("coursework"),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  limits: z
    .strictObject({
      /** Jobs of one account that wait or run at once; null: no limit. */
      queuedPerAccount: z.int().positive().nullable().default(20),
      /** Requests of one caller in a minute. */
      requestsPerMinute: z.int().positive().default(600),
      bodyBytes: z
        .int()
        .positive()
        .default(20 * 1024 * 1024),
    })
    .prefault({}),
  times: z
    .strictObject({
      quoteMs: z
        .int()
        .positive()
        .default(10 * 60_000),
      /** How long after the order a job may still start. */
      orderMs: z
        .int()
        .positive()
        .default(24 * 60 * 60_000),
      beatMs: z.int().positive().default(RIG_TIMES.beatMs),
      /** Least time between two statements that write the beats of all rigs. */
      beatBatchMs: z.int().positive().default(1_000),
      leaseMs: z.int().positive().default(RIG_TIMES.leaseMs),
      requeueAfterMs: z.int().positive().default(RIG_TIMES.requeueAfterMs),
      deadManMs: z.int().positive().default(RIG_TIMES.deadManMs),
      offerMs: z.int().positive().default(RIG_TIMES.offerMs),
    })
    .prefault({}),
});

/** Settings of the server, checked. */
export type ServerConfig = z.output<typeof configSchema>;
/** Settings as somebody writes them: what has a default may be left out. */
export type ServerConfigInput = z.input<typeof configSchema>;

/** Settings that cannot be used; the message lists every fault, one a line. */
export class ConfigFault extends Error {
  constructor(faults: readonly string[]) {
    super(`The settings cannot be used:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
    this.name = "ConfigFault";
  }
}

function crossFaults(config: ServerConfig): string[] {
  const faults: string[] = [];
  if (!config.classes.some((entry) => entry.name === config.defaultClass))
    faults.push(`defaultClass: no class is named ${config.defaultClass}`);
  if (!config.images.some((entry) => entry.name === config.defaultImage))
    faults.push(`defaultImage: no image is named ${config.defaultImage}`);
  const { deadManMs, requeueAfterMs, beatMs, leaseMs } = config.times;
  if (deadManMs >= requeueAfterMs)
    faults.push("times.deadManMs: must be below requeueAfterMs, else an attempt could be alive twice");
  if (beatMs >= leaseMs) faults.push("times.beatMs: must be below leaseMs");
  return faults;
}

/** Checked settings. Throws `ConfigFault` with every fault at once. */
export function parseConfig(input: unknown): ServerConfig {
  const parsed = configSchema.safeParse(input);
  if (!parsed.success)
    throw new ConfigFault(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`));
  const faults = crossFaults(parsed.data);
  if (faults.length > 0) throw new ConfigFault(faults);
  return parsed.data;
}
