import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  canonicalBytes,
  offerSchema,
  RIG_TO_SERVER,
  receiptSchema,
  resultHashOf,
  signingDigest,
  type Exit,
  type FrameResult,
  type Inventory,
  type Offer,
  type Outcome,
  type Receipt,
  type Reply,
} from "@nebula/protocol";
import { SigningKey, computeAddress, hashMessage } from "ethers";
import { io, type Socket } from "socket.io-client";
import { z } from "zod";

export const INVENTORY: Inventory = {
  hostname: "pc1",
  arch: "x64",
  cpuModel: "test",
  cpus: 4,
  memoryMiB: 8_192,
  diskFreeMiB: 50_000,
  engine: "20.10",
  gpus: [],
};

/** Keys of a machine. */
export interface RigKeys {
  readonly wire: KeyObject;
  readonly wireKey: string;
  readonly receipt: SigningKey;
  readonly receiptAddress: string;
}

export function newRigKeys(): RigKeys {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const receipt = new SigningKey(
    `0x${createHash("sha256")
      .update(publicKey.export({ format: "der", type: "spki" }))
      .digest("hex")}`,
  );
  return {
    wire: privateKey,
    wireKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    receipt,
    receiptAddress: computeAddress(receipt.publicKey).toLowerCase(),
  };
}

/** The receipt key's signature of a text (EIP-191). */
export function signText(keys: RigKeys, text: string): string {
  return keys.receipt.sign(hashMessage(text)).serialized;
}

/** What a rig is asked; each answer is the reply's value or an error to refuse with. */
export interface Orders {
  offer: (offer: Offer) => unknown;
  cancel: (body: { attempt: string; mode: string; reason: string }) => unknown;
  watched: (body: { attempt: string; watched: boolean }) => unknown;
  input: (body: { attempt: string; id: string; value: string }) => unknown;
}

export interface RigOptions {
  readonly url: string;
  readonly rigId: string;
  readonly keys: RigKeys;
  readonly epoch: number;
  readonly challenge: string;
}

/** A refused message, with the code that the server gave. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** A frame as the runner writes it. */
export function aFrame(type: string, fields: Readonly<Record<string, unknown>>, n = 0): string {
  return `${JSON.stringify({ t: type, n, ...fields })}\n`;
}
export function aStream(text: string): string {
  return aFrame("stream", { cell: "c1", content: { name: "stdout", text } }, Buffer.byteLength(text));
}
export function aResult(outcome: FrameResult["outcome"] = "ok", fields: Partial<FrameResult> = {}): string {
  return aFrame("result", { outcome, usedMs: 100, artefacts: [], artefactsSkipped: [], ...fields });
}

/** A scripted rig on a real socket: it does only what the test says. */
export class FakeRig {
  readonly #options: RigOptions;
  readonly #socket: Socket;
  readonly offers: Offer[] = [];
  readonly cancels: { attempt: string; mode: string; reason: string }[] = [];
  readonly watched: { attempt: string; watched: boolean }[] = [];
  readonly inputs: unknown[] = [];
  #listeners = new Set<() => void>();
  #counter = 0;
  isSuperseded = false;
  /** How an offer is answered; null: not at all. */
  answerOffer: (offer: Offer) => unknown = () => ({ accepted: true });

  constructor(options: RigOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    socket.on("message", (envelope: { t: string; body: unknown }, reply: (answer: unknown) => void) =>
      this.#take(envelope, reply),
    );
    socket.on("superseded", () => {
      this.isSuperseded = true;
      this.#changed();
    });
    socket.on("disconnect", () => this.#changed());
  }

  get isConnected(): boolean {
    return this.#socket.connected;
  }

  get keys(): RigKeys {
    return this.#options.keys;
  }

  #take(envelope: { t: string; body: unknown }, reply: (answer: unknown) => void): void {
    let value: unknown = { ok: true };
    if (envelope.t === "offer") {
      const offer = offerSchema.parse(envelope.body);
      this.offers.push(offer);
      value = this.answerOffer(offer);
    } else if (envelope.t === "cancel") this.cancels.push(envelope.body as never);
    else if (envelope.t === "watched") this.watched.push(envelope.body as never);
    else if (envelope.t === "input") this.inputs.push(envelope.body);
    else throw new Error(`unexpected message ${envelope.t}`);
    if (value !== null) reply({ ok: true, value });
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Waits until `test` gives something. */
  until<Value>(test: () => Value | undefined | false): Promise<Value> {
    return new Promise((resolve) => {
      const look = () => {
        const value = test();
        if (value === undefined || value === false) return;
        this.#listeners.delete(look);
        resolve(value);
      };
      this.#listeners.add(look);
      look();
    });
  }

  nextOffer(index = 0): Promise<Offer> {
    return this.until(() => this.offers[index]);
  }

  /** Sends one message; throws `Refused` with the server's code. */
  async send<Name extends keyof typeof RIG_TO_SERVER>(
    t: Name,
    body: unknown,
    envelope: Readonly<Record<string, unknown>> = {},
  ): Promise<z.output<(typeof RIG_TO_SERVER)[Name]["reply"]>> {
    const { rigId, epoch } = this.#options;
    this.#counter += 1;
    const reply = (await this.#socket.timeout(10_000).emitWithAck("message", {
      v: 1,
      id: `m${this.#counter}`,
      t,
      rig: rigId,
      epoch,
      body,
      ...envelope,
    })) as Reply<unknown>;
    if (!reply.ok) throw new Refused(reply.code, reply.message);
    return RIG_TO_SERVER[t].reply.parse(reply.value) as never;
  }

  hello(overrides: Readonly<Record<string, unknown>> = {}) {
    return this.send("hello", {
      agentVersion: "test",
      bootId: "boot1",
      inventory: INVENTORY,
      slots: [{ id: "s1", cpus: 1, memoryMiB: 2_048, gpuUuid: null }],
      images: ["nebula-coursework:test"],
      measured: { gflops: 45, speedMilli: 6 },
      attempts: [],
      ...overrides,
    });
  }

  beat(attempts: readonly { attempt: string; fence: number }[] = []) {
    return this.send("beat", {
      counter: 1,
      freeSlots: [],
      attempts: attempts.map(({ attempt, fence }) => ({ attempt, fence, elapsedMs: 0 })),
      host: { load1: 0, memoryFreeMiB: 1_000, diskFreeMiB: 1_000 },
    });
  }

  state(offer: Offer, state: "preparing" | "running" | "stopping") {
    return this.send("state", {
      attempt: offer.attempt,
      fence: offer.fence,
      state,
      detail: "",
      elapsedMs: 0,
    });
  }

  async out(
    offer: Offer,
    offset: number,
    data: Uint8Array | string,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<number> {
    const bytes = Buffer.from(data as string);
    const { durable } = await this.send("out", {
      attempt: offer.attempt,
      fence: offer.fence,
      stream: "events",
      offset,
      data: bytes,
      crc32: crc32(bytes),
      ...fields,
    });
    return durable;
  }

  exitedBody(offer: Offer, exit: ExitOf) {
    const bytes = Buffer.from(exit.output as string);
    const sum = (data: Uint8Array) => ({
      bytes: data.length,
      sha256: `0x${createHash("sha256").update(data).digest("hex")}`,
    });
    return {
      attempt: offer.attempt,
      fence: offer.fence,
      exit: { code: 0, oomKilled: false, reason: "ended", detail: "", ...exit.exit },
      outcome: exit.outcome ?? "OK",
      usedMs: exit.usedMs ?? 1_000,
      streams: { events: sum(bytes), stderr: sum(new Uint8Array()) },
      resultHash: resultHashOf(exit.artefacts ?? []),
    };
  }

  exited(offer: Offer, exit: ExitOf) {
    return this.send("exited", this.exitedBody(offer, exit));
  }

  signed(offer: Offer, receipt: Receipt): string {
    return this.keys.receipt.sign(signingDigest(offer.domain, "Receipt", receipt)).serialized;
  }

  fin(offer: Offer, receipt: Receipt, signature = this.signed(offer, receipt)) {
    return this.send("fin", {
      attempt: offer.attempt,
      fence: offer.fence,
      receipt: z.encode(receiptSchema, receipt),
      signature,
    });
  }

  /** The straight way from `exited` to sealed; gives the receipt. */
  async seal(offer: Offer, exit: ExitOf): Promise<Receipt> {
    const reply = await this.exited(offer, exit);
    if (!("receipt" in reply)) throw new Error(`expected a receipt, got ${JSON.stringify(reply)}`);
    await this.fin(offer, reply.receipt);
    return reply.receipt;
  }

  /** Takes an offer to `running`, sends the output, and seals. */
  async perform(offer: Offer, exit: ExitOf): Promise<Receipt> {
    await this.state(offer, "running");
    await this.out(offer, 0, exit.output);
    return this.seal(offer, exit);
  }

  close(): void {
    this.#socket.disconnect();
  }
}

export interface ExitOf {
  readonly output: string | Uint8Array;
  readonly outcome?: Outcome;
  readonly exit?: Partial<Exit>;
  readonly usedMs?: number;
  readonly artefacts?: FrameResult["artefacts"];
}

/** Opens a session; rejects with the error of the handshake, its code in `data.code`. */
export async function connectRig(options: RigOptions): Promise<FakeRig> {
  const { url, rigId, keys, epoch, challenge } = options;
  const signature = sign(null, canonicalBytes({ challenge, epoch, rig: rigId }), keys.wire).toString(
    "base64",
  );
  const socket = io(`${url}/rig`, {
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
    auth: { rig: rigId, epoch, challenge, signature },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", (error) => {
      socket.close();
      reject(error);
    });
  });
  return new FakeRig(options, socket);
}
