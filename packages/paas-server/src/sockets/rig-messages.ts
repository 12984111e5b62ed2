import { crc32 } from "node:zlib";
import {
  errorOf,
  RIG_PROTOCOL_VERSION,
  RIG_TO_SERVER,
  type Beat,
  type Exited,
  type Fin,
  type Out,
} from "@nebula/protocol";
import { z } from "zod";
import { acceptReceipt } from "../app/accept-receipt.ts";
import { acceptOffer } from "../app/answer-offer.ts";
import type { AppContext } from "../app/context.ts";
import type { RigSessionId } from "../app/open-rig-session.ts";
import { reportExit } from "../app/report-exit.ts";
import { reportState } from "../app/report-state.ts";
import { welcomeRig } from "../app/welcome-rig.ts";
import { AttemptInbox } from "./attempt-inbox.ts";
import type { BeatBatch } from "./beat-batch.ts";
import type { RigSockets } from "./rig-link.ts";

type Name = keyof typeof RIG_TO_SERVER;
type BodyOf<N extends Name> = z.output<(typeof RIG_TO_SERVER)[N]["body"]>;
type AnswerOf<N extends Name> = z.output<(typeof RIG_TO_SERVER)[N]["reply"]>;
type Handlers = { readonly [N in Name]: (body: BodyOf<N>) => Promise<AnswerOf<N>> };

const envelopeSchema = z.object({
  v: z.unknown(),
  id: z.string().max(64),
  t: z.string().max(32),
  rig: z.string(),
  epoch: z.int(),
  body: z.unknown(),
});

const OK = { ok: true } as const;

/** What the messages of one session are handled with. */
export interface RigParts {
  readonly ctx: AppContext;
  readonly link: RigSockets;
  readonly beats: BeatBatch;
  readonly session: RigSessionId;
}

/** Handles the messages of one rig's session, each checked against the table of the protocol. */
export class RigMessages {
  readonly #parts: RigParts;
  readonly #inboxes = new Map<string, AttemptInbox>();
  readonly #handlers: Handlers;

  constructor(parts: RigParts) {
    const { ctx, link, beats, session } = parts;
    const { rigId } = session;
    this.#parts = parts;
    this.#handlers = {
      hello: async (hello) => {
        const welcome = await welcomeRig(ctx, session, hello);
        link.ready(session);
        return welcome;
      },
      beat: async (beat: Beat) => ({ counter: beat.counter, kill: [...(await beats.take(rigId, beat))] }),
      state: async (report) => {
        await this.#inbox(report).run(() => reportState(ctx, rigId, report));
        return OK;
      },
      out: async (out) => ({ durable: await this.#store(out) }),
      exited: (exited) => this.#exit(exited),
      fin: (fin) => this.#seal(fin),
    };
  }

  /** Answers one message, in wire form. Throws the error that refuses it. */
  async handle(message: unknown): Promise<unknown> {
    const { t: name, body } = this.#checked(message);
    const { body: schema, reply } = RIG_TO_SERVER[name];
    const parsed = schema.safeParse(body);
    if (!parsed.success)
      throw errorOf(
        "INPUT_INVALID",
        `The body of "${name}" is not as agreed: ${z.prettifyError(parsed.error)}`,
      );
    const handler = this.#handlers[name] as (body: unknown) => Promise<unknown>; // the body was parsed by the schema of the same name
    try {
      return z.encode(reply as z.ZodType, await handler(parsed.data));
    } catch (error) {
      this.#forget(body);
      throw error;
    }
  }

  #checked(message: unknown): { readonly t: Name; readonly body: unknown } {
    const { rigId, epoch } = this.#parts.session;
    const envelope = envelopeSchema.safeParse(message);
    if (!envelope.success)
      throw errorOf("INPUT_INVALID", `Not an envelope: ${z.prettifyError(envelope.error)}`);
    const { v, t, rig, epoch: claimed, body } = envelope.data;
    if (v !== RIG_PROTOCOL_VERSION)
      throw errorOf(
        "INPUT_INVALID",
        `This server speaks version ${RIG_PROTOCOL_VERSION} of the rig protocol; update the agent`,
      );
    if (rig !== rigId || claimed !== epoch)
      throw errorOf("RIG_SUPERSEDED", `This session is rig ${rigId}, epoch ${epoch}`);
    if (!Object.hasOwn(RIG_TO_SERVER, t))
      throw errorOf("INPUT_INVALID", `This server knows no message "${t}"`);
    return { t: t as Name, body }; // checked by hasOwn
  }

  /** Whoever speaks of an attempt has taken its offer: the answer to the offer may still be on its way, or lost. */
  #inbox({ attempt, fence }: { readonly attempt: string; readonly fence: number }): AttemptInbox {
    const known = this.#inboxes.get(attempt);
    if (known !== undefined) return known;
    const { ctx, session } = this.#parts;
    const inbox = new AttemptInbox(
      ctx,
      acceptOffer(ctx, { rigId: session.rigId, attemptId: attempt, fence }),
    );
    this.#inboxes.set(attempt, inbox);
    return inbox;
  }

  /** What is remembered of an attempt is dropped with an error: it can be read back. */
  #forget(body: unknown): void {
    if (typeof body === "object" && body !== null && "attempt" in body && typeof body.attempt === "string")
      this.#inboxes.delete(body.attempt);
  }

  async #store(out: Out): Promise<number> {
    const { attempt, fence, stream, offset, data } = out;
    const claim = { rigId: this.#parts.session.rigId, attemptId: attempt, fence };
    // Damaged bytes count as not come: the answer makes the rig send them again.
    const body = crc32(data) === out.crc32 ? data : new Uint8Array();
    return this.#inbox(out).out({ claim, stream, offset, data: body });
  }

  #exit(exited: Exited): Promise<AnswerOf<"exited">> {
    const inbox = this.#inbox(exited);
    const { ctx, session } = this.#parts;
    return inbox.run(() =>
      reportExit(ctx, { rigId: session.rigId, exited }, (stream, durable) => inbox.hashOf(stream, durable)),
    );
  }

  async #seal(fin: Fin): Promise<AnswerOf<"fin">> {
    const { ctx, session } = this.#parts;
    await this.#inbox(fin).run(() => acceptReceipt(ctx, session.rigId, fin));
    this.#inboxes.delete(fin.attempt);
    return OK;
  }
}
