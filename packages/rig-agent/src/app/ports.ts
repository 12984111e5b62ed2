import type { Beat, Inventory, RIG_TO_SERVER, SERVER_TO_RIG } from "@nebula/protocol";
import type { z } from "zod";
import type { AttacherCommand, AttacherNotice, AttacherPlan, ExitRecord } from "../attacher/records.ts";

type ToServer = typeof RIG_TO_SERVER;
type ToRig = typeof SERVER_TO_RIG;
export type ToServerName = keyof ToServer;
export type ToServerBody<Name extends ToServerName> = z.output<ToServer[Name]["body"]>;
export type ToServerReply<Name extends ToServerName> = z.output<ToServer[Name]["reply"]>;
export type ToRigBody<Name extends keyof ToRig> = z.output<ToRig[Name]["body"]>;
export type ToRigReply<Name extends keyof ToRig> = z.input<ToRig[Name]["reply"]>;

/** Three clocks: boot time (goes on while the machine sleeps), monotone, and the wall's. All milliseconds. */
export interface Clock {
  bootMs(): number;
  monotoneMs(): number;
  unixMs(): number;
}

/** Structured log: facts, then a short name of what happened. */
export interface Log {
  info(facts: object, event: string): void;
  warn(facts: object, event: string): void;
  error(facts: object, event: string): void;
}

/** What the server may ask of the rig. Each answers or throws a `NebulaError`. */
export type RigHandlers = {
  readonly [Name in keyof ToRig]: (body: ToRigBody<Name>) => Promise<ToRigReply<Name>>;
};

/** One authenticated connection to the campus. */
export interface Session {
  /** Sends one message and gives its reply. Throws the server's error, or `Unavailable` when the connection ends or no reply comes. */
  request<Name extends ToServerName>(
    name: Name,
    body: ToServerBody<Name>,
    id?: string,
  ): Promise<ToServerReply<Name>>;
  /** Resolves when the connection has ended; `superseded` when a newer session of this rig has taken over. */
  readonly ended: Promise<"closed" | "superseded">;
  close(): void;
}

/** Opens sessions. Throws `NotAllowed` or `NotFound` where trying again is of no use, else `Unavailable`. */
export type OpenSession = (handlers: RigHandlers) => Promise<Session>;

export interface ImageFacts {
  /** Digest of the image's configuration: what runs is exactly this. */
  readonly id: string;
  readonly entrypoint: readonly string[];
}

export interface OwnContainer {
  readonly id: string;
  readonly attempt: string;
}

/** The container engine, apart from what the attachers do. */
export interface ContainerEngine {
  /** Name and version. Throws `Unavailable` when it does not answer. */
  version(): Promise<string>;
  /** Tags of the images that this rig may run. */
  images(): Promise<readonly string[]>;
  /** Null when the image is not here or not allowed. */
  image(tag: string): Promise<ImageFacts | null>;
  /** Containers that carry the rig's label, running or not. */
  containers(rigId: string): Promise<readonly OwnContainer[]>;
  /** Kills and removes a container with its volumes, by id or name; nothing when it is gone already. */
  remove(container: string): Promise<void>;
}

/** Connection to the attacher of one attempt. */
export interface AttacherLink {
  send(command: AttacherCommand): void;
  /** Resolves when the attacher is gone, with or without a last word. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Starts and finds attachers. `folder` is the attempt's. */
export interface Attachers {
  launch(folder: string, onNotice: (notice: AttacherNotice) => void): Promise<AttacherLink>;
  /** Null when no attacher answers there within `waitMs`. */
  reach(
    folder: string,
    waitMs: number,
    onNotice: (notice: AttacherNotice) => void,
  ): Promise<AttacherLink | null>;
}

/** The attempts' folders. */
export interface AttemptFolders {
  create(
    attempt: string,
    files: { readonly offer: unknown; readonly plan: AttacherPlan; readonly document: string },
  ): Promise<string>;
  pathOf(attempt: string): string;
  /** The offer as it came; null when the folder is gone or was never finished. */
  readOffer(attempt: string): Promise<unknown>;
  readExit(attempt: string): Promise<ExitRecord | null>;
  /** Writes the last word in the attacher's place, unless there is one. */
  writeExit(attempt: string, record: ExitRecord): Promise<void>;
  /** Bytes and SHA-256 of a stream as it lies on disk. */
  sumOf(
    attempt: string,
    stream: "events" | "stderr",
  ): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** At most `size` bytes of a stream from `offset`. */
  read(
    attempt: string,
    stream: "events" | "stderr",
    range: { readonly offset: number; readonly size: number },
  ): Promise<Buffer>;
  remove(attempt: string): Promise<void>;
  list(): Promise<readonly string[]>;
}

export type JournalState = "accepted" | "preparing" | "running" | "stopping" | "exited" | "sealed" | "lost";
export interface JournalEntry {
  readonly attempt: string;
  readonly fence: number;
  readonly slot: string;
  readonly state: JournalState;
  readonly bootId: string;
  readonly detail?: string;
}

/** What happened to attempts, durable before anybody is told. */
export interface Journal {
  /** Resolves once the entry is on disk. */
  write(entry: JournalEntry): Promise<void>;
}

/** The machine. */
export interface Host {
  readonly bootId: string;
  inventory(engine: string): Promise<Inventory>;
  load(): Promise<Beat["host"]>;
}

/** Signs receipts with the rig's key: 65 bytes r ‖ s ‖ v over the digest. */
export interface ReceiptSigner {
  readonly address: string;
  sign(digest: string): string;
}
