import { z } from "zod";
import { addressSchema, bytes32Schema, idSchema, signatureSchema } from "./ids.ts";
import { domainSchema } from "./eip712.ts";
import { jobDocumentSchema } from "./frames.ts";
import { OUTCOMES, orderSchema, receiptSchema } from "./money.ts";

/** Version of the rig protocol. Peers of another major version are told what to do and turned away. */
export const RIG_PROTOCOL_VERSION = 1;

/** Most bytes of output in one `out` message. */
export const OUT_CHUNK_BYTES_MAX = 64 * 1024;
/** Most unacknowledged bytes of output per attempt. */
export const OUT_WINDOW_BYTES = 1024 * 1024;
/** Intervals of the protocol, milliseconds. The server may set others in `welcome`. */
export const RIG_TIMES = {
  beatMs: 10_000,
  leaseMs: 45_000,
  requeueAfterMs: 105_000,
  deadManMs: 90_000,
  offerMs: 10_000,
  flushMs: 100,
} as const;

const attempt = idSchema("attempt");
const fence = z.int().positive();
/** `events`: the runner's frames. `stderr`: what the runner itself wrote there, for diagnosis. */
export const STREAMS = ["events", "stderr"] as const;
export type StreamName = (typeof STREAMS)[number];
const stream = z.enum(STREAMS);

export const gpuSchema = z.object({
  uuid: z.string(),
  model: z.string(),
  memoryMiB: z.int(),
  driver: z.string(),
  computeCapability: z.string().nullable(),
  migProfile: z.string().nullable(),
});

/** What a machine has. */
export const inventorySchema = z.object({
  hostname: z.string(),
  arch: z.string(),
  cpuModel: z.string(),
  cpus: z.int().positive(),
  memoryMiB: z.int().positive(),
  diskFreeMiB: z.int().nonnegative(),
  engine: z.string(),
  gpus: z.array(gpuSchema),
});
export type Inventory = z.infer<typeof inventorySchema>;

/** What one attempt occupies on a rig. `gpuUuid` is null for a CPU slot. */
export const slotSchema = z.object({
  id: z.string().min(1).max(64),
  cpus: z.number().positive(),
  memoryMiB: z.int().positive(),
  gpuUuid: z.string().nullable(),
});
export type Slot = z.infer<typeof slotSchema>;

const offsets = z.record(stream, z.int().nonnegative());

export const exitSchema = z.object({
  /** Exit status of the container; null when it never started. */
  code: z.int().nullable(),
  oomKilled: z.boolean(),
  /** Why it ended, as the agent knows it. */
  reason: z.enum([
    "ended",
    "cancelled",
    "time-limit",
    "ceiling",
    "killed-outside",
    "start-failed",
    "rig-fault",
    "dead-man",
  ]),
  detail: z.string().max(2_000).default(""),
});
export type Exit = z.infer<typeof exitSchema>;

export const helloSchema = z.object({
  agentVersion: z.string(),
  bootId: z.string(),
  inventory: inventorySchema,
  slots: z.array(slotSchema),
  images: z.array(z.string()),
  /** Speed measured at start: GFLOP/s and thousandths of a 1080 Ti. */
  measured: z.object({ gflops: z.number(), speedMilli: z.int() }),
  /** Attempts found in the journal and not yet sealed. `spooled`: bytes kept per stream. */
  attempts: z.array(
    z.object({
      attempt,
      fence,
      state: z.enum(["accepted", "preparing", "running", "stopping", "exited"]),
      spooled: offsets,
    }),
  ),
});
export type Hello = z.infer<typeof helloSchema>;

export const welcomeSchema = z.object({
  beatMs: z.int(),
  leaseMs: z.int(),
  deadManMs: z.int(),
  /** Attempts that stay this rig's; `durable`: bytes per stream that the server has, to go on from. */
  keep: z.array(z.object({ attempt, fence, durable: offsets })),
  /** Attempts that are no longer this rig's: stop the container, drop the spool. */
  kill: z.array(attempt),
});
export type Welcome = z.infer<typeof welcomeSchema>;

export const beatSchema = z.object({
  counter: z.int().nonnegative(),
  freeSlots: z.array(z.string()),
  attempts: z.array(z.object({ attempt, fence, elapsedMs: z.int().nonnegative() })),
  host: z.object({ load1: z.number(), memoryFreeMiB: z.int(), diskFreeMiB: z.int() }),
});
export type Beat = z.infer<typeof beatSchema>;
/** `kill`: attempts whose lease is lost. */
export const beatReplySchema = z.object({ counter: z.int(), kill: z.array(attempt) });

export const offerSchema = z.object({
  attempt,
  fence,
  jobId: idSchema("job"),
  slot: z.string(),
  image: z.string(),
  document: jobDocumentSchema,
  limits: z.object({
    cpus: z.number().positive(),
    memoryMiB: z.int().positive(),
    pids: z.int().positive(),
    /** Longest run in milliseconds from `running`, and why: the job's own limit or what its ceiling pays for. */
    runMs: z.int().positive(),
    runReason: z.enum(["time-limit", "ceiling"]),
    transcriptBytes: z.int().positive(),
  }),
  order: orderSchema,
  orderDigest: bytes32Schema,
  domain: domainSchema,
});
export type Offer = z.infer<typeof offerSchema>;
export const DECLINE_REASONS = [
  "slot-busy",
  "image-missing",
  "disk-full",
  "draining",
  "engine-away",
] as const;
export const offerReplySchema = z.union([
  z.object({ accepted: z.literal(true) }),
  z.object({ accepted: z.literal(false), reason: z.enum(DECLINE_REASONS), detail: z.string().default("") }),
]);

export const attemptReportSchema = z.object({
  attempt,
  fence,
  state: z.enum(["preparing", "running", "stopping"]),
  detail: z.string().max(500).default(""),
  /** Milliseconds since the container started, on the rig's monotone clock; 0 before. */
  elapsedMs: z.int().nonnegative(),
});
export type AttemptReport = z.infer<typeof attemptReportSchema>;

export const outSchema = z.object({
  attempt,
  fence,
  stream,
  /** Offset of the first byte in the stream. */
  offset: z.int().nonnegative(),
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected bytes"),
  /** CRC-32 (IEEE) of `data`. */
  crc32: z.int().nonnegative(),
});
export type Out = z.infer<typeof outSchema>;
/** `durable`: bytes of the stream that the server has stored. Lower than what was sent means: go on from there. */
export const outReplySchema = z.object({ durable: z.int().nonnegative() });

export const exitedSchema = z.object({
  attempt,
  fence,
  exit: exitSchema,
  outcome: z.enum(OUTCOMES),
  /** Milliseconds from start to end of the container, on the rig's monotone clock. */
  usedMs: z.int().nonnegative(),
  streams: z.record(stream, z.object({ bytes: z.int().nonnegative(), sha256: bytes32Schema })),
  resultHash: bytes32Schema,
});
export type Exited = z.infer<typeof exitedSchema>;
/** `resend`: output is missing from there. Otherwise the receipt for the rig to check and sign, with `usedMs` as it is charged. */
export const exitedReplySchema = z.union([
  z.object({ resend: z.record(stream, z.int().nonnegative()) }),
  z.object({ receipt: receiptSchema, usedMs: z.int().nonnegative(), speedMilli: z.int().positive() }),
]);

export const finSchema = z.object({ attempt, fence, receipt: receiptSchema, signature: signatureSchema });
export type Fin = z.infer<typeof finSchema>;

export const cancelSchema = z.object({
  attempt,
  fence,
  /** `interrupt`: as Ctrl-C in the kernel, then terminate after `graceMs`, then kill. `kill`: at once. */
  mode: z.enum(["interrupt", "kill"]),
  reason: z.enum(["cancelled", "ceiling", "fenced"]),
  graceMs: z.int().nonnegative(),
});
export type Cancel = z.infer<typeof cancelSchema>;

/** Whether someone is looking: the agent flushes output at once while watched. */
export const watchedSchema = z.object({ attempt, watched: z.boolean() });

/** Answer to an `input_request` of the kernel. */
export const inputSchema = z.object({ attempt, fence, id: z.string(), value: z.string().max(64 * 1024) });

const okSchema = z.object({ ok: z.literal(true) });

/** Messages from rig to server: body and reply of each. */
export const RIG_TO_SERVER = {
  hello: { body: helloSchema, reply: welcomeSchema },
  beat: { body: beatSchema, reply: beatReplySchema },
  state: { body: attemptReportSchema, reply: okSchema },
  out: { body: outSchema, reply: outReplySchema },
  exited: { body: exitedSchema, reply: exitedReplySchema },
  fin: { body: finSchema, reply: okSchema },
} as const;
/** Messages from server to rig. */
export const SERVER_TO_RIG = {
  offer: { body: offerSchema, reply: offerReplySchema },
  cancel: { body: cancelSchema, reply: okSchema },
  watched: { body: watchedSchema, reply: okSchema },
  input: { body: inputSchema, reply: okSchema },
} as const;

type Messages = Readonly<Record<string, { body: z.ZodType; reply: z.ZodType }>>;
/** What travels: sender's id of the message (the same when sent again), its type, the session's epoch, and the body. */
export interface Envelope<Table extends Messages, Name extends keyof Table & string = keyof Table & string> {
  readonly v: typeof RIG_PROTOCOL_VERSION;
  readonly id: string;
  readonly t: Name;
  readonly rig: string;
  readonly epoch: number;
  readonly body: z.input<Table[Name]["body"]>;
}
/** Every message is answered: with its reply, or with the code that says why not. */
export type Reply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Statement that a rig signs with its Ed25519 key to open a session: canonical text of `{challenge, epoch, rig}`. */
export interface RigHandshake {
  readonly rig: string;
  readonly epoch: number;
  readonly challenge: string;
  /** Ed25519 signature of the canonical bytes, base64. */
  readonly signature: string;
}

export const enrolmentSchema = z.strictObject({
  code: z.string().min(8).max(64),
  name: z.string().min(1).max(80),
  /** Ed25519 public key of the wire, SPKI DER in base64. */
  wireKey: z.base64().max(200),
  /** Address of the receipt key (secp256k1). */
  receiptAddress: addressSchema,
  /** Where earnings go. */
  payoutAddress: addressSchema,
  /** Receipt key's signature (EIP-191) of the text `nebula-enrol:<code>:<wireKey>`: proof that the machine holds it. */
  proof: signatureSchema,
  inventory: inventorySchema,
});
export type Enrolment = z.infer<typeof enrolmentSchema>;
