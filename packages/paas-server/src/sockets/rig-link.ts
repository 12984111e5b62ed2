import {
  errorOf,
  newId,
  RIG_PROTOCOL_VERSION,
  type Reply,
  type RigClientToServer,
  type RigServerToClient,
} from "@nebula/protocol";
import type { Namespace, Socket } from "socket.io";
import type { RigSessionId } from "../app/open-rig-session.ts";
import type { Clock, Random, RigLink, RigMessage } from "../app/ports.ts";
import { valueOf } from "./answer.ts";

/** What the server keeps with a rig's socket. */
export interface RigSocketData {
  session: RigSessionId;
}
export type RigSocket = Socket<RigClientToServer, RigServerToClient, Record<string, never>, RigSocketData>;
export type RigNamespace = Namespace<
  RigClientToServer,
  RigServerToClient,
  Record<string, never>,
  RigSocketData
>;

/** How long a rig has to answer. */
const ANSWER_MS = 10_000;

interface Connected {
  readonly socket: RigSocket;
  readonly epoch: number;
  /** Said hello: may be offered jobs. */
  isReady: boolean;
}

/** The rigs whose sockets end at this replica. One session per rig: the newest. */
export class RigSockets implements RigLink {
  readonly #rigs = new Map<string, Connected>();
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(parts: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /** Ids of the rigs that are connected here and have said hello. */
  get readyIds(): readonly string[] {
    return [...this.#rigs].filter(([, rig]) => rig.isReady).map(([id]) => id);
  }

  isConnected(rigId: string): boolean {
    return this.#rigs.get(rigId)?.isReady === true;
  }

  async send(rigId: string, message: RigMessage): Promise<unknown> {
    const rig = this.#rigs.get(rigId);
    if (rig === undefined) throw errorOf("SERVER_AWAY", `Rig ${rigId} is not connected here`);
    const id = newId("message", this.#clock.now(), (size) => this.#random.bytes(size));
    const envelope = {
      v: RIG_PROTOCOL_VERSION,
      id,
      t: message.t,
      rig: rigId,
      epoch: rig.epoch,
      body: message.body,
    } as Parameters<RigServerToClient["message"]>[0]; // use cases build the body from its schema
    const reply = await rig.socket
      .timeout(ANSWER_MS)
      .emitWithAck("message", envelope)
      .catch((cause: unknown) => {
        throw errorOf("SERVER_AWAY", `Rig ${rigId} did not answer "${message.t}"`, { cause });
      });
    return valueOf(reply as Reply<unknown>);
  }

  /** Puts a session in the place of the rig's older one. False where a newer one is here already. */
  add(socket: RigSocket): boolean {
    const { rigId, epoch } = socket.data.session;
    if ((this.#rigs.get(rigId)?.epoch ?? 0) > epoch) return false;
    this.supersede(rigId, epoch);
    this.#rigs.set(rigId, { socket, epoch, isReady: false });
    return true;
  }

  /** From now on the session may be offered jobs. */
  ready(session: RigSessionId): void {
    const rig = this.#rigs.get(session.rigId);
    if (rig?.epoch === session.epoch) rig.isReady = true;
  }

  /** Ends the rig's session here if it is older than `epoch`. */
  supersede(rigId: string, epoch: number): void {
    const rig = this.#rigs.get(rigId);
    if (rig === undefined || rig.epoch >= epoch) return;
    this.#rigs.delete(rigId);
    rig.socket.emit("superseded");
    rig.socket.disconnect(true);
  }

  remove(session: RigSessionId): void {
    if (this.#rigs.get(session.rigId)?.epoch === session.epoch) this.#rigs.delete(session.rigId);
  }
}
