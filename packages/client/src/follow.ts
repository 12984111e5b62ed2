import {
  jobSchema,
  NebulaError,
  type Job,
  type JobJson,
  type Reply,
  type TranscriptEvent,
  type Watching,
} from "@nebula/protocol";
import { z } from "zod";
import type { Call } from "./call.ts";
import { valueOf, type CellsSocket, type Link } from "./link.ts";

export interface FollowOptions {
  /** Last `seq` that the caller has already; default 0. */
  readonly since?: number;
  /** Events in ascending `seq`, without gaps or doubles, whatever the connection does. */
  readonly onEvents?: (events: readonly TranscriptEvent[]) => void;
  readonly onJob?: (job: Job) => void;
  readonly onLink?: (state: "live" | "reconnecting") => void;
  /** Stops following; the job goes on. */
  readonly signal?: AbortSignal;
  /** Also wait until the money has moved (`settled`); default false: resolves as soon as the run has ended. */
  readonly untilSettled?: boolean;
}

const PAGE = 1_000;
const POLL_MS = 5_000;

function isEnded(job: Job, untilSettled: boolean): boolean {
  if (untilSettled) return job.state === "settled";
  return job.state !== "draft" && job.state !== "queued" && job.state !== "running";
}

/** State of one following: what has been delivered, and what is known of the job. */
class Following {
  readonly #call: Call;
  readonly jobId: string;
  readonly options: FollowOptions;
  #seq: number;
  #catchingUp: Promise<void> | null = null;
  readonly ended = Promise.withResolvers<Job>();

  constructor(call: Call, jobId: string, options: FollowOptions) {
    this.#call = call;
    this.jobId = jobId;
    this.options = options;
    this.#seq = options.since ?? 0;
  }

  get seq(): number {
    return this.#seq;
  }

  takeEvents(events: readonly TranscriptEvent[]): void {
    const fresh = events.filter((event) => event.seq > this.#seq);
    const first = fresh[0];
    if (first === undefined) return;
    if (first.seq !== this.#seq + 1) {
      void this.catchUp().catch(this.ended.reject);
      return;
    }
    this.#seq = fresh.at(-1)?.seq ?? this.#seq;
    this.options.onEvents?.(fresh);
  }

  takeJob(json: JobJson): void {
    const job = z.decode(jobSchema, json);
    this.options.onJob?.(job);
    if (!isEnded(job, this.options.untilSettled ?? false)) return;
    this.#finish(job).catch(this.ended.reject);
  }

  /** Reads by HTTP whatever the socket has not brought. */
  catchUp(): Promise<void> {
    this.#catchingUp ??= this.#readOn().finally(() => {
      this.#catchingUp = null;
    });
    return this.#catchingUp;
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const { events, lastSeq } = await this.#call("getTranscript", {
        params: { jobId: this.jobId },
        query: { since: this.#seq, limit: PAGE },
      });
      const before = this.#seq;
      this.takeEvents(events);
      if (this.#seq >= lastSeq || this.#seq === before) return;
    }
  }

  async #finish(job: Job): Promise<void> {
    while (this.#seq < job.lastSeq) {
      const before = this.#seq;
      await this.catchUp();
      if (this.#seq === before) break; // the transcript ends earlier than promised; show what there is
    }
    this.ended.resolve(job);
  }
}

async function watch(socket: CellsSocket, following: Following): Promise<void> {
  const reply = (await socket
    .timeout(10_000)
    .emitWithAck("watch", { jobId: following.jobId, since: following.seq })) as Reply<Watching>; // socket.io loses the type under timeout()
  following.takeJob(valueOf(reply).job);
}

// The server keeps one watch for each job and socket, so it ends with the last of the followings that share it.
const followers = new WeakMap<CellsSocket, Map<string, number>>();

/** Counts one more following of a job on a socket, or one fewer; gives how many there are now. */
function countFollowers(socket: CellsSocket, jobId: string, change: 1 | -1): number {
  const counts = followers.get(socket) ?? new Map<string, number>();
  const count = (counts.get(jobId) ?? 0) + change;
  if (count === 0) counts.delete(jobId);
  else counts.set(jobId, count);
  followers.set(socket, counts);
  return count;
}

function listen(socket: CellsSocket, following: Following): Disposable {
  const { jobId, options } = following;
  const begin = (): void => {
    options.onLink?.("live");
    watch(socket, following).catch((error: unknown) => {
      if (error instanceof NebulaError && error.code !== "SERVER_AWAY" && error.code !== "DATABASE_AWAY")
        following.ended.reject(error);
    });
  };
  const onEvents: Parameters<typeof socket.on<"events">>[1] = (batch) => {
    if (batch.jobId === jobId) following.takeEvents(batch.events);
  };
  const onJob: Parameters<typeof socket.on<"job">>[1] = (job) => {
    if (job.id === jobId) following.takeJob(job);
  };
  const onDrop = (): void => options.onLink?.("reconnecting");
  socket.on("connect", begin).on("disconnect", onDrop).on("events", onEvents).on("job", onJob);
  countFollowers(socket, jobId, 1);
  if (socket.connected) begin();
  return {
    [Symbol.dispose]() {
      socket.off("connect", begin).off("disconnect", onDrop).off("events", onEvents).off("job", onJob);
      const isLast = countFollowers(socket, jobId, -1) === 0;
      if (isLast && socket.connected) socket.emit("unwatch", { jobId }, () => undefined);
    },
  };
}

/**
 * Polls beside the socket: a lost hint or a proxy that refuses websockets delays events, but never loses them. While the
 * socket brings events, they are not read a second time.
 */
async function poll(call: Call, following: Following, signal: AbortSignal): Promise<void> {
  const { jobId } = following;
  for (;;) {
    const before = following.seq;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (signal.aborted) return;
    try {
      const job = await call("getJob", { params: { jobId } });
      const isBehind = job.lastSeq > following.seq;
      if (isBehind && following.seq > before) continue;
      if (isBehind) await following.catchUp();
      following.takeJob(z.encode(jobSchema, job));
    } catch (error) {
      if (error instanceof NebulaError && error.row.kind !== "Unavailable") throw error;
    }
  }
}

/** Follows one job until it has ended, across reloads of the server and cuts of the network. Throws when it may not be seen. */
export async function followJob(
  call: Call,
  link: Link,
  request: FollowOptions & { readonly jobId: string },
): Promise<Job> {
  const { jobId } = request;
  const following = new Following(call, jobId, request);
  const over = new AbortController();
  const aborted = (): void => {
    following.ended.reject(request.signal?.reason);
  };
  request.signal?.addEventListener("abort", aborted);
  request.signal?.throwIfAborted();
  const socket = await link.open();
  using _listening = socket === null ? null : listen(socket, following);
  poll(call, following, over.signal).catch(following.ended.reject);
  try {
    return await following.ended.promise;
  } finally {
    over.abort();
    request.signal?.removeEventListener("abort", aborted);
  }
}
