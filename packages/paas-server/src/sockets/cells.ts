import { errorOf } from "@nebula/protocol";
import type { Server } from "socket.io";
import { z } from "zod";
import { answerInput } from "../app/answer-input.ts";
import type { AppContext } from "../app/context.ts";
import { ensureAccount } from "../app/ensure-account.ts";
import type { Authenticator } from "../app/ports.ts";
import { readOwnJob } from "../app/read-job.ts";
import { answerOf, handshakeError } from "./answer.ts";
import type { CellsNamespace, CellsSocket } from "./cells-types.ts";
import type { JobWatch } from "./job-watch.ts";
import { TokenClock } from "./token-clock.ts";
import { Watchers } from "./watchers.ts";

const authSchema = z.object({ token: z.string().min(1) });
const watchSchema = z.object({ jobId: z.string().max(64), since: z.int().nonnegative() });
const unwatchSchema = z.object({ jobId: z.string().max(64) });
const inputSchema = z.object({
  jobId: z.string().max(64),
  id: z.string().max(128),
  value: z.string().max(64 * 1024),
});
const renewSchema = z.object({ token: z.string().min(1) });

/** Most jobs that one viewer watches at a time. */
const WATCHES_MAX = 200;

interface Parts {
  readonly ctx: AppContext;
  readonly authenticator: Authenticator;
  readonly watchers: Watchers;
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw errorOf("INPUT_INVALID", `Not as agreed: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function signIn({ ctx, authenticator }: Parts, socket: CellsSocket): Promise<void> {
  const auth = authSchema.safeParse(socket.handshake.auth);
  if (!auth.success) throw errorOf("TOKEN_MISSING", "Send the access token in the handshake's auth");
  const principal = await authenticator.verify(auth.data.token);
  const { id } = await ensureAccount(ctx, principal);
  socket.data.principal = principal;
  socket.data.accountId = id;
}

/** One viewer: his jobs, his token's end. */
class Viewer {
  readonly #parts: Parts;
  readonly #socket: CellsSocket;
  readonly #watches = new Map<string, JobWatch>();
  readonly #token: TokenClock;

  constructor(parts: Parts, socket: CellsSocket) {
    this.#parts = parts;
    this.#socket = socket;
    this.#token = new TokenClock(parts.ctx.clock, {
      onEndsSoon: (expiresAtMs) => socket.emit("auth:expiring", { expiresAtMs }),
      onOver: () => socket.disconnect(true),
    });
    this.#token.set(socket.data.principal.expiresAtMs);
    this.#bind();
  }

  get accountId(): string {
    return this.#socket.data.accountId;
  }

  tellBalance(): void {
    this.#socket.emit("balance");
  }

  close(): void {
    this.#token[Symbol.dispose]();
    for (const [jobId, watch] of this.#watches) this.#parts.watchers.remove(jobId, watch);
    this.#watches.clear();
  }

  #bind(): void {
    const { log } = this.#parts.ctx;
    const socket = this.#socket;
    socket.on("watch", (request, reply) => void this.#watch(request, reply));
    socket.on(
      "unwatch",
      (request, reply) =>
        void answerOf(log, async () => this.#unwatch(checked(unwatchSchema, request).jobId)).then(reply),
    );
    socket.on("input", (request, reply) => void answerOf(log, () => this.#input(request)).then(reply));
    socket.on("auth:renew", (request, reply) => void answerOf(log, () => this.#renew(request)).then(reply));
  }

  /** The answer goes before the first event. */
  async #watch(request: unknown, reply: (answer: never) => void): Promise<void> {
    const { ctx, watchers } = this.#parts;
    const answer = await answerOf(ctx.log, async () => {
      const { jobId, since } = checked(watchSchema, request);
      if (this.#watches.size >= WATCHES_MAX && !this.#watches.has(jobId))
        throw errorOf("RATE_LIMITED", `At most ${WATCHES_MAX} jobs can be watched at a time`);
      return {
        job: await readOwnJob(ctx.db, { jobId, accountId: this.accountId, nowMs: ctx.clock.now() }),
        since,
      };
    });
    reply((answer.ok ? { ok: true, value: { job: answer.value.job } } : answer) as never); // the shape of `Watching`
    if (!answer.ok || !this.#socket.connected) return;
    const { job, since } = answer.value;
    this.#unwatch(job.id);
    this.#watches.set(job.id, watchers.add({ ctx, socket: this.#socket, jobId: job.id, since }));
  }

  #unwatch(jobId: string): null {
    const watch = this.#watches.get(jobId);
    this.#watches.delete(jobId);
    if (watch !== undefined) this.#parts.watchers.remove(jobId, watch);
    return null;
  }

  async #input(request: unknown): Promise<null> {
    await answerInput(this.#parts.ctx, { accountId: this.accountId, ...checked(inputSchema, request) });
    return null;
  }

  async #renew(request: unknown): Promise<{ expiresAtMs: number }> {
    const principal = await this.#parts.authenticator.verify(checked(renewSchema, request).token);
    if (principal.subject !== this.#socket.data.principal.subject)
      throw errorOf("TOKEN_INVALID", "The new token is another person's; connect anew");
    this.#socket.data.principal = principal;
    this.#token.set(principal.expiresAtMs);
    return { expiresAtMs: principal.expiresAtMs };
  }
}

/** Serves the namespace `/cells`: viewers, each seeing his own jobs only. */
export function attachCells(io: Server, ctx: AppContext, authenticator: Authenticator): Disposable {
  const namespace = io.of("/cells") as unknown as CellsNamespace; // the server is not typed by namespace; the events are
  const watchers = new Watchers(ctx);
  const viewers = new Set<Viewer>();
  const parts = { ctx, authenticator, watchers };
  namespace.use((socket, next) => {
    signIn(parts, socket).then(
      () => next(),
      (error: unknown) => next(handshakeError(ctx.log, error)),
    );
  });
  namespace.on("connection", (socket) => {
    const viewer = new Viewer(parts, socket);
    viewers.add(viewer);
    socket.on("disconnect", () => {
      viewers.delete(viewer);
      viewer.close();
    });
  });
  const listening = ctx.hints.listen((hint) => {
    if (hint.kind === "balance")
      for (const viewer of viewers) if (viewer.accountId === hint.accountId) viewer.tellBalance();
  });
  return {
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      watchers[Symbol.dispose]();
      namespace.disconnectSockets(true);
    },
  };
}
