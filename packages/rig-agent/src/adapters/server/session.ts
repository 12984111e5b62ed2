import { randomBytes } from "node:crypto";
import { io, type Socket } from "socket.io-client";
import {
  Bug,
  ERROR_CODES,
  InvalidInput,
  NebulaError,
  RIG_PROTOCOL_VERSION,
  RIG_TO_SERVER,
  SERVER_TO_RIG,
  Unavailable,
  canonicalBytes,
  errorOf,
  newId,
  type ErrorCode,
  type Reply,
  type RigClientToServer,
  type RigHandshake,
  type RigServerToClient,
} from "@nebula/protocol";
import { z } from "zod";
import type {
  Clock,
  OpenSession,
  RigHandlers,
  Session,
  ToServerBody,
  ToServerName,
  ToServerReply,
} from "../../app/ports.ts";
import { postChallenge } from "./http.ts";

const CONNECT_TIMEOUT_MS = 15_000;
const REPLY_TIMEOUT_MS = 15_000;
const CONNECTION_ENDED = "The connection to the campus server ended";

type RigSocket = Socket<RigServerToClient, RigClientToServer>;

export interface SessionOptions {
  readonly serverUrl: string;
  readonly rigId: string;
  /** Ed25519 signature in base64. */
  readonly signWire: (bytes: Uint8Array) => string;
  /** The epoch of the next session, higher than any before. */
  readonly nextEpoch: () => Promise<number>;
  readonly clock: Clock;
  /** How long to wait for a reply, milliseconds; default 15 s. */
  readonly replyTimeoutMs?: number | undefined;
}

const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === "string" && Object.hasOwn(ERROR_CODES, code);

function remoteError(code: unknown, message: string): NebulaError {
  return isErrorCode(code) ? errorOf(code, message) : new Unavailable("SERVER_AWAY", message);
}

/** A refused handshake carries its code in `data`, as socket.io's middleware errors do. */
function connectError(error: Error): NebulaError {
  const data: unknown = "data" in error ? error.data : undefined;
  const code = typeof data === "object" && data !== null && "code" in data ? data.code : undefined;
  return remoteError(code, `The campus server did not take the connection: ${error.message}`);
}

async function handshake(options: SessionOptions): Promise<RigHandshake> {
  const challenge = await postChallenge(options.serverUrl, options.rigId);
  const statement = { challenge, epoch: await options.nextEpoch(), rig: options.rigId };
  return { ...statement, signature: options.signWire(canonicalBytes(statement)) };
}

async function connect(serverUrl: string, auth: RigHandshake): Promise<RigSocket> {
  const socket: RigSocket = io(new URL("/rig", serverUrl).href, {
    transports: ["websocket"],
    // Each session needs a fresh challenge, so the agent reconnects by itself.
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_TIMEOUT_MS,
    auth: { ...auth },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", (error) => reject(connectError(error)));
    });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

async function answer(handlers: RigHandlers, envelope: { t: string; body: unknown }): Promise<Reply<never>> {
  try {
    if (!Object.hasOwn(SERVER_TO_RIG, envelope.t))
      throw new InvalidInput("INPUT_INVALID", `This agent knows no message "${envelope.t}"`);
    const name = envelope.t as keyof typeof SERVER_TO_RIG; // Checked above.
    const body = SERVER_TO_RIG[name].body.safeParse(envelope.body);
    if (!body.success)
      throw new InvalidInput(
        "INPUT_INVALID",
        `The body of "${name}" is not as agreed: ${z.prettifyError(body.error)}`,
      );
    const handle = handlers[name] as (body: unknown) => Promise<never>; // The body was parsed by the schema of the same name.
    return { ok: true, value: await handle(body.data) };
  } catch (error) {
    if (error instanceof NebulaError) return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: "INTERNAL", message: String(error) };
  }
}

/** `out` is the only message whose body is sent as it is: its bytes need no encoding, and there are many. */
function encodeBody(name: ToServerName, body: unknown): unknown {
  return name === "out" ? body : z.encode(RIG_TO_SERVER[name].body, body as never); // The caller's types pair name and body.
}

class SocketSession implements Session {
  readonly ended: Promise<"closed" | "superseded">;
  readonly #socket: RigSocket;
  readonly #auth: RigHandshake;
  readonly #clock: Clock;
  readonly #replyTimeoutMs: number;
  readonly #pending = new Set<(error: NebulaError) => void>();

  constructor(
    socket: RigSocket,
    options: Pick<SessionOptions, "clock" | "replyTimeoutMs"> & { auth: RigHandshake; handlers: RigHandlers },
  ) {
    this.#socket = socket;
    this.#auth = options.auth;
    this.#clock = options.clock;
    this.#replyTimeoutMs = options.replyTimeoutMs ?? REPLY_TIMEOUT_MS;
    this.ended = new Promise((resolve) => {
      socket.on("superseded", () => {
        resolve("superseded");
        socket.close();
      });
      socket.on("disconnect", () => {
        resolve("closed");
        for (const reject of this.#pending) reject(new Unavailable("SERVER_AWAY", CONNECTION_ENDED));
        this.#pending.clear();
      });
    });
    socket.on("message", (envelope, reply) => void answer(options.handlers, envelope).then(reply));
  }

  close(): void {
    this.#socket.close();
  }

  async request<Name extends ToServerName>(
    name: Name,
    body: ToServerBody<Name>,
    id?: string,
  ): Promise<ToServerReply<Name>> {
    if (!this.#socket.connected) throw new Unavailable("SERVER_AWAY", CONNECTION_ENDED);
    const reply = await this.#send(name, body, id ?? newId("message", this.#clock.unixMs(), randomBytes));
    const value = RIG_TO_SERVER[name].reply.safeParse(reply);
    if (!value.success)
      throw new Bug("INTERNAL", `The reply to "${name}" is not as agreed: ${z.prettifyError(value.error)}`);
    return value.data as ToServerReply<Name>; // Parsed by the schema of the same name.
  }

  #send(name: ToServerName, body: unknown, id: string): Promise<unknown> {
    const { rig, epoch } = this.#auth;
    const envelope = { v: RIG_PROTOCOL_VERSION, id, t: name, rig, epoch, body: encodeBody(name, body) };
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        this.#pending.delete(fail);
        how();
      };
      const fail = (error: NebulaError): void => settle(() => reject(error));
      const timer = setTimeout(
        () => fail(new Unavailable("SERVER_AWAY", `No reply to "${name}"`)),
        this.#replyTimeoutMs,
      );
      this.#pending.add(fail);
      // The body was encoded by the schema of its name, which the union type cannot express.
      this.#socket.emit("message", envelope as never, (reply: Reply<unknown>) =>
        settle(() => (reply.ok ? resolve(reply.value) : reject(remoteError(reply.code, reply.message)))),
      );
    });
  }
}

/** Opens authenticated sessions, each over one websocket. */
export function sessionOpener(options: SessionOptions): OpenSession {
  return async (handlers) => {
    const auth = await handshake(options);
    return new SocketSession(await connect(options.serverUrl, auth), { ...options, auth, handlers });
  };
}
