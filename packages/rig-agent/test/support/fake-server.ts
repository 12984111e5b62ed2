import { createPublicKey, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import {
  RIG_PROTOCOL_VERSION,
  RIG_TO_SERVER,
  ROUTES,
  SERVER_TO_RIG,
  canonicalBytes,
  newId,
  type Beat,
  type Cancel,
  type Exited,
  type Hello,
  type Offer,
  type Receipt,
  type RigClientToServer,
  type RigServerToClient,
  type Reply,
} from "@nebula/protocol";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { Bytes } from "./bytes.ts";
import { proposedReceipt } from "./offers.ts";

export const CODE = "enrol-me-please";

type Streams = Readonly<Record<"events" | "stderr", Bytes>>;

/** What the fake server knows of one attempt. */
export interface FakeAttempt {
  readonly offer: Offer;
  readonly streams: Streams;
  readonly states: string[];
  exited: Exited | null;
  fin: { receipt: Receipt; signature: string } | null;
  /** Taken from the rig: answered with LEASE_LOST. */
  isFenced: boolean;
}

/** Things that go wrong on purpose; each is called before the message is dealt with and may answer in its place, swallow it, or mute the answer. */
export type Meddle = (name: string, body: never) => Reply<unknown> | "swallow" | "mute" | null;

/** A campus server that keeps what rigs send, over real HTTP and a real socket. It throws on anything unexpected. */
export class FakeServer implements AsyncDisposable {
  readonly attempts = new Map<string, FakeAttempt>();
  readonly hellos: Hello[] = [];
  readonly beats: Beat[] = [];
  readonly epochs: number[] = [];
  readonly faults: string[] = [];
  meddle: Meddle = () => null;
  propose: typeof proposedReceipt = proposedReceipt;
  welcomeTimes = { beatMs: 200, leaseMs: 45_000, deadManMs: 90_000 };
  refuse = false;
  rigId = newId("rig", 0, randomBytes);
  receiptAddress = "";
  #wireKey = "";
  #socket: Socket<RigClientToServer, RigServerToClient> | null = null;
  #challenges = new Set<string>();
  #watchers: (() => void)[] = [];
  readonly #http: HttpServer;
  readonly #io: Server;

  private constructor() {
    this.#http = createServer((request, response) => {
      void this.#route(request).then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      });
    });
    this.#io = new Server(this.#http, { maxHttpBufferSize: 1024 * 1024, perMessageDeflate: false });
    const rigs = this.#io.of("/rig");
    rigs.use((socket, next) => next(this.#admit(socket.handshake.auth)));
    rigs.on("connection", (socket: Socket<RigClientToServer, RigServerToClient>) => {
      this.#socket?.emit("superseded");
      this.#socket = socket;
      socket.on("message", (envelope, reply) => this.#message(envelope as never, reply as never));
      socket.on("disconnect", () => this.#changed());
    });
  }

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#http.address() as AddressInfo).port)}`;
  }

  get lastBeat(): Beat | undefined {
    return this.beats.at(-1);
  }

  get isRigConnected(): boolean {
    return this.#socket?.connected === true;
  }

  attempt(id: string): FakeAttempt {
    const found = this.attempts.get(id);
    if (!found) throw new Error(`The fake server does not know ${id}`);
    return found;
  }

  /** Resolves when `condition` holds; looked at after every message. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async offer(offer: Offer): Promise<{ accepted: boolean; reason?: string }> {
    const streams = { events: new Bytes(), stderr: new Bytes() };
    this.attempts.set(offer.attempt, {
      offer,
      streams,
      states: [],
      exited: null,
      fin: null,
      isFenced: false,
    });
    const reply = await this.ask("offer", z.encode(SERVER_TO_RIG.offer.body, offer));
    return SERVER_TO_RIG.offer.reply.parse(reply);
  }

  async cancel(body: Cancel): Promise<void> {
    await this.ask("cancel", body);
  }

  /** Sends a message to the rig; throws the code of a refusal. */
  async ask(t: string, body: unknown): Promise<unknown> {
    if (!this.#socket) throw new Error("No rig is connected");
    const envelope = {
      v: RIG_PROTOCOL_VERSION,
      id: newId("message", 0, randomBytes),
      t,
      rig: this.rigId,
      epoch: 0,
      body,
    };
    const reply = (await this.#socket
      .timeout(10_000)
      .emitWithAck("message", envelope as never)) as Reply<unknown>;
    if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`);
    return reply.value;
  }

  /** Says that a newer session of the rig has begun. */
  supersede(): void {
    this.#socket?.emit("superseded");
  }

  /** Cuts the rig's connection as a broken network does. */
  cut(): void {
    this.#socket?.conn.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#io.close();
  }

  async #route(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(parts).toString("utf8") || "null");
    if (request.url === ROUTES.enrolRig.path) return this.#enrol(body);
    if (request.url === `/v1/rigs/${this.rigId}/challenge`) {
      const challenge = randomBytes(16).toString("hex");
      this.#challenges.add(challenge);
      return { status: 201, body: { challenge, expiresInMs: 30_000 } };
    }
    return problem(404, "RIG_UNKNOWN", "No such rig");
  }

  #enrol(body: unknown): { status: number; body: unknown } {
    const enrolment = ROUTES.enrolRig.body.parse(body);
    if (enrolment.code !== CODE) return problem(403, "ENROL_CODE_INVALID", "The code is not valid");
    this.#wireKey = enrolment.wireKey;
    this.receiptAddress = enrolment.receiptAddress;
    const rig = {
      id: this.rigId,
      name: enrolment.name,
      state: "enrolled",
      classes: [],
      inventory: enrolment.inventory,
      measuredSpeedMilli: null,
      slots: 0,
      slotsFree: 0,
      lastBeatAtMs: null,
      enrolledAtMs: 0,
      earned: "0",
      receiptAddress: enrolment.receiptAddress,
    };
    const address = `0x${"11".repeat(20)}`;
    const campus = {
      name: "Fake",
      version: "1",
      issuer: "http://127.0.0.1/realms/x",
      clientId: "x",
      redirectUri: "http://127.0.0.1/x",
      isDemo: true,
      chain: { chainId: 1, rpcUrl: "http://127.0.0.1", token: address, escrow: address },
    };
    return { status: 201, body: { rig, campus } };
  }

  #admit(auth: Record<string, unknown>): Error | undefined {
    const { rig, epoch, challenge, signature } = auth as {
      rig: string;
      epoch: number;
      challenge: string;
      signature: string;
    };
    const key = createPublicKey({ key: Buffer.from(this.#wireKey, "base64"), type: "spki", format: "der" });
    const isSigned = verify(
      null,
      canonicalBytes({ challenge, epoch, rig }),
      key,
      Buffer.from(signature, "base64"),
    );
    if (
      this.refuse ||
      !isSigned ||
      !this.#challenges.delete(challenge) ||
      epoch <= (this.epochs.at(-1) ?? 0)
    ) {
      return Object.assign(new Error("refused"), { data: { code: "RIG_AUTH_INVALID" } });
    }
    this.epochs.push(epoch);
    return undefined;
  }

  #message(
    envelope: { t: keyof typeof RIG_TO_SERVER; body: never },
    reply: (answer: Reply<unknown>) => void,
  ): void {
    const meddled = this.meddle(envelope.t, envelope.body);
    if (meddled === "swallow") return;
    let answer: Reply<unknown>;
    try {
      const replaced = typeof meddled === "object" ? meddled : null;
      answer =
        replaced ?? this.#answer(envelope.t, RIG_TO_SERVER[envelope.t].body.parse(envelope.body) as never);
    } catch (error) {
      this.faults.push(String(error));
      answer = { ok: false, code: "INTERNAL", message: String(error) };
    }
    if (meddled !== "mute") reply(answer);
    this.#changed();
  }

  #answer(name: string, body: never): Reply<unknown> {
    if (name === "hello") return { ok: true, value: this.#welcome(body) };
    if (name === "beat") return { ok: true, value: this.#beat(body) };
    const attempt = this.attempt((body as { attempt: string }).attempt);
    if (attempt.isFenced) return { ok: false, code: "LEASE_LOST", message: "fenced" };
    if (name === "state") return this.#state(attempt, body);
    if (name === "out") return { ok: true, value: this.#out(attempt, body) };
    if (name === "exited") return { ok: true, value: this.#exited(attempt, body) };
    if (name === "fin") attempt.fin = body;
    return { ok: true, value: { ok: true } };
  }

  #welcome(hello: Hello): unknown {
    this.hellos.push(hello);
    const known = hello.attempts.filter(
      ({ attempt }) => this.attempts.has(attempt) && !this.attempt(attempt).isFenced,
    );
    const keep = known.map(({ attempt, fence }) => ({
      attempt,
      fence,
      durable: durableOf(this.attempt(attempt)),
    }));
    const kill = hello.attempts.map(({ attempt }) => attempt).filter((id) => this.attempts.get(id)?.isFenced);
    return { ...this.welcomeTimes, keep, kill };
  }

  #beat(beat: Beat): unknown {
    this.beats.push(beat);
    return {
      counter: beat.counter,
      kill: [...this.attempts.values()].filter(({ isFenced }) => isFenced).map(({ offer }) => offer.attempt),
    };
  }

  #state(attempt: FakeAttempt, { state }: { state: string }): Reply<unknown> {
    attempt.states.push(state);
    return { ok: true, value: { ok: true } };
  }

  #out(
    attempt: FakeAttempt,
    out: { stream: keyof Streams; offset: number; data: Buffer; crc32: number },
  ): unknown {
    if (crc32(out.data) !== out.crc32) throw new Error("wrong checksum");
    const have = attempt.streams[out.stream];
    if (out.offset <= have.length) have.add(out.data.subarray(have.length - out.offset));
    return { durable: have.length };
  }

  #exited(attempt: FakeAttempt, exited: Exited): unknown {
    const missing = (["events", "stderr"] as const).some(
      (stream) => attempt.streams[stream].length < exited.streams[stream].bytes,
    );
    if (missing) return { resend: durableOf(attempt) };
    attempt.exited = exited;
    return z.encode(RIG_TO_SERVER.exited.reply, this.propose(attempt.offer, exited, this.receiptAddress));
  }

  #changed(): void {
    for (const wake of this.#watchers.splice(0)) wake();
  }
}

function durableOf(attempt: FakeAttempt): Record<"events" | "stderr", number> {
  return { events: attempt.streams.events.length, stderr: attempt.streams.stderr.length };
}

function problem(status: number, code: string, detail: string): { status: number; body: unknown } {
  const body = {
    type: "about:blank",
    title: code,
    status,
    detail,
    code,
    who: "rig",
    charged: "no",
    remedy: "",
    instance: "test",
  };
  return { status, body };
}
