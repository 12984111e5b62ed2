import { z } from "zod";
import { canonicalBytes, keccakHex } from "./canonical.ts";

/**
 * What the runner in the container writes on stdout: one JSON line per frame, each beginning `{"t":"…","n":N,` where `N` is the
 * count of bytes of the user's payload in it, so that a reader can account without parsing. `content` is Jupyter's own.
 */
const n = z.int().nonnegative();
const mimeBundle = z.record(z.string(), z.unknown());
const cell = z.string();

const outputFrames = [
  z.looseObject({
    t: z.literal("stream"),
    n,
    cell,
    content: z.object({ name: z.enum(["stdout", "stderr"]), text: z.string() }),
  }),
  z.looseObject({
    t: z.literal("display"),
    n,
    cell,
    kind: z.enum(["display_data", "execute_result"]),
    executionCount: z.int().nullish(),
    content: z.object({
      data: mimeBundle,
      metadata: z.record(z.string(), z.unknown()),
      transient: z.object({ display_id: z.string().optional() }).optional(),
    }),
  }),
  z.looseObject({
    t: z.literal("update_display"),
    n,
    cell,
    content: z.object({
      data: mimeBundle,
      metadata: z.record(z.string(), z.unknown()),
      transient: z.object({ display_id: z.string().optional() }),
    }),
  }),
  z.looseObject({ t: z.literal("clear_output"), n, cell, content: z.object({ wait: z.boolean() }) }),
  z.looseObject({
    t: z.literal("error"),
    n,
    cell,
    content: z.object({ ename: z.string(), evalue: z.string(), traceback: z.array(z.string()) }),
  }),
  z.looseObject({
    t: z.literal("input_request"),
    n,
    cell,
    id: z.string(),
    content: z.object({ prompt: z.string(), password: z.boolean() }),
  }),
  z.looseObject({
    t: z.literal("status"),
    n,
    state: z.enum(["running", "cell-started", "cell-finished", "finished", "interrupted"]),
    cell: z.string().nullish(),
    executionCount: z.int().nullish(),
  }),
  z.looseObject({ t: z.literal("progress"), n, fraction: z.number(), note: z.string() }),
  z.looseObject({
    t: z.literal("usage"),
    n,
    cpuMs: z.number(),
    memoryBytes: z.number(),
    memoryPeakBytes: z.number(),
  }),
  z.looseObject({
    t: z.literal("skipped"),
    n,
    bytes: z.int().nonnegative(),
    displays: z.int().nonnegative(),
  }),
] as const;

/** Frames that become events of the transcript. `skipped` is made by the attacher where output passed the cap. */
export const outputFrameSchema = z.discriminatedUnion("t", [...outputFrames]);
export type OutputFrame = z.infer<typeof outputFrameSchema>;

export const frameResultSchema = z.looseObject({
  t: z.literal("result"),
  n,
  outcome: z.enum(["ok", "error", "interrupted", "kernel-died"]),
  cell: z.string().nullish(),
  reason: z.string().nullish(),
  usedMs: z.number(),
  artefacts: z.array(z.object({ path: z.string(), size: z.int(), sha256: z.string() })),
  artefactsSkipped: z.array(z.object({ path: z.string(), size: z.number(), reason: z.string() })).default([]),
});
export type FrameResult = z.infer<typeof frameResultSchema>;

export const frameArtefactSchema = z.looseObject({
  t: z.literal("artefact"),
  n,
  path: z.string(),
  size: z.int().nonnegative(),
  sha256: z.string(),
  offset: z.int().nonnegative(),
  last: z.boolean(),
  data: z.base64(),
});
export type FrameArtefact = z.infer<typeof frameArtefactSchema>;

/** Every frame. Unknown types are to be ignored by readers, so that a newer image works with an older server. */
export const frameSchema = z.discriminatedUnion("t", [
  ...outputFrames,
  z.looseObject({ t: z.literal("ready"), n, kernel: z.string(), python: z.string() }),
  frameArtefactSchema,
  frameResultSchema,
]);
export type Frame = z.infer<typeof frameSchema>;

/** The job document: the one line that the runner reads on its stdin. */
export const jobDocumentSchema = z.object({
  v: z.literal(1),
  attempt: z.string(),
  cells: z.array(
    z.object({
      id: z.string(),
      source: z.string(),
      tags: z.array(z.string()),
      role: z.enum(["setup", "run"]),
    }),
  ),
  timeLimitMs: z.int().positive(),
  secrets: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
});
export type JobDocument = z.infer<typeof jobDocumentSchema>;

/** An event of a job's transcript: a frame with its place. `seq` ascends by one from 1 over all attempts of the job. */
export const transcriptEventSchema = z
  .object({
    seq: z.int().positive(),
    attemptNo: z.int().positive(),
    /** Server's clock, unix milliseconds. */
    atMs: z.int(),
    frame: z.union([
      outputFrameSchema,
      frameResultSchema,
      /** A new attempt begins: what earlier attempts showed is superseded. */
      z.looseObject({ t: z.literal("attempt"), n, rig: z.string(), reason: z.string() }),
    ]),
  })
  .meta({ id: "TranscriptEvent" });
export type TranscriptEvent = z.infer<typeof transcriptEventSchema>;

/**
 * `resultHash` of a receipt: keccak-256 of the canonical bytes of `[{path, sizeBytes, sha256}]`, sorted by path (UTF-16 code units),
 * each `sha256` as 0x-prefixed lower-case hex. Without a result frame it is the hash of the empty list.
 */
export function resultHashOf(artefacts: FrameResult["artefacts"]): string {
  const rows = artefacts.map(({ path, size, sha256 }) => ({
    path,
    sizeBytes: size,
    sha256: `0x${sha256.replace(/^0x/, "").toLowerCase()}`,
  }));
  rows.sort((a, b) => (a.path < b.path ? -1 : 1));
  return keccakHex(canonicalBytes(rows));
}
