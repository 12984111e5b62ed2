import { errorOf } from "@nebula/protocol";
import type { Server } from "socket.io";
import type { AppContext } from "../app/context.ts";
import { closeRigSession, openRigSession } from "../app/open-rig-session.ts";
import { handshakeSchema } from "../domain/rig-handshake.ts";
import { answerOf, handshakeError } from "./answer.ts";
import { BeatBatch } from "./beat-batch.ts";
import type { RigNamespace, RigSocket, RigSockets } from "./rig-link.ts";
import { RigMessages } from "./rig-messages.ts";

async function openSession(ctx: AppContext, socket: RigSocket): Promise<void> {
  const auth = handshakeSchema.safeParse(socket.handshake.auth);
  if (!auth.success)
    throw errorOf("RIG_AUTH_INVALID", "A rig's handshake is {rig, epoch, challenge, signature}");
  socket.data.session = await openRigSession(ctx, auth.data);
}

interface Parts {
  readonly ctx: AppContext;
  readonly link: RigSockets;
  readonly beats: BeatBatch;
}

function serve({ ctx, link, beats }: Parts, socket: RigSocket): void {
  const { session } = socket.data;
  if (!link.add(socket)) {
    socket.emit("superseded");
    socket.disconnect(true);
    return;
  }
  const messages = new RigMessages({ ctx, link, beats, session });
  socket.on("message", (envelope, reply) => {
    if (typeof reply !== "function") return;
    void answerOf(ctx.log, () => messages.handle(envelope)).then((answer) =>
      reply(answer as Parameters<typeof reply>[0]),
    ); // encoded by the reply's schema
  });
  socket.on("disconnect", () => {
    link.remove(session);
    closeRigSession(ctx, session).catch((error: unknown) =>
      ctx.log.warn({ rigId: session.rigId, err: error }, "session not closed"),
    );
  });
}

/** Serves the namespace `/rig`: handshake, messages, one session per rig. The returned undo stops taking beats and sessions. */
export function attachRigs(io: Server, ctx: AppContext, link: RigSockets): Disposable {
  const namespace = io.of("/rig") as unknown as RigNamespace; // the server is not typed by namespace; the events are
  const beats = new BeatBatch(ctx);
  namespace.use((socket, next) => {
    openSession(ctx, socket).then(
      () => next(),
      (error: unknown) => next(handshakeError(ctx.log, error)),
    );
  });
  namespace.on("connection", (socket) => serve({ ctx, link, beats }, socket));
  const listening = ctx.hints.listen((hint) => {
    if (hint.kind === "rig") link.supersede(hint.rigId, hint.epoch);
  });
  return {
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      beats[Symbol.dispose]();
      namespace.disconnectSockets(true);
    },
  };
}
