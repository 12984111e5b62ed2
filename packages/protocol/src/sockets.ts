import type { z } from "zod";
import type { Envelope, Reply, RIG_TO_SERVER, SERVER_TO_RIG } from "./rig.ts";
import type { JobJson } from "./job.ts";
import type { TranscriptEvent } from "./frames.ts";

/** Events of one job from `first` on, ascending without gaps. */
export interface EventBatch {
  readonly jobId: string;
  readonly events: readonly TranscriptEvent[];
}

/** What a viewer gets when it begins to watch: the job now; events after `since` follow as batches. */
export interface Watching {
  readonly job: JobJson;
}

/** Namespace `/cells`, viewer → server. `since` is the last `seq` the viewer has (0: none). */
export interface CellsClientToServer {
  watch: (request: { jobId: string; since: number }, reply: (answer: Reply<Watching>) => void) => void;
  unwatch: (request: { jobId: string }, reply: (answer: Reply<null>) => void) => void;
  input: (
    request: { jobId: string; id: string; value: string },
    reply: (answer: Reply<null>) => void,
  ) => void;
  /** Renews the session's token in place; the subject must stay the same. */
  "auth:renew": (request: { token: string }, reply: (answer: Reply<{ expiresAtMs: number }>) => void) => void;
}

/** Namespace `/cells`, server → viewer. Money in `job` is in decimal strings (decode with `jobSchema`). */
export interface CellsServerToClient {
  events: (batch: EventBatch) => void;
  job: (job: JobJson) => void;
  /** Balances of the signed-in account changed; read them again. */
  balance: () => void;
  /** The token ends soon: renew it or be disconnected 60 s after its end. */
  "auth:expiring": (notice: { expiresAtMs: number }) => void;
}

/** Auth of a viewer's handshake. */
export interface CellsAuth {
  readonly token: string;
}

type ReplyOf<Table extends Record<string, { reply: z.ZodType }>> = (
  answer: Reply<z.input<Table[keyof Table]["reply"]>>,
) => void;

/** Namespace `/rig`, rig → server: one event for every message, answered by callback. */
export interface RigClientToServer {
  message: (envelope: Envelope<typeof RIG_TO_SERVER>, reply: ReplyOf<typeof RIG_TO_SERVER>) => void;
}
/** Namespace `/rig`, server → rig. */
export interface RigServerToClient {
  message: (envelope: Envelope<typeof SERVER_TO_RIG>, reply: ReplyOf<typeof SERVER_TO_RIG>) => void;
  /** A newer session of the same rig has begun; this one ends. */
  superseded: () => void;
}
