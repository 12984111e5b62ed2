/** The server's clock: unix milliseconds. */
export interface Clock {
  now(): number;
}

/** Source of chance: `size` unpredictable bytes. */
export interface Random {
  bytes(size: number): Uint8Array;
}

/** Runs one statement. Values are passed beside the text, never inside. bigint and numeric columns come back as bigint. */
export interface Sql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** PostgreSQL. Throws `Unavailable` (DATABASE_AWAY) when it does not answer. */
export interface Database extends Sql {
  /** One transaction; rolled back when `work` throws, tried again (at most 5 times) on a serialisation failure or deadlock. */
  transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** Holds the advisory lock on an own connection until the returned value is disposed of; null when another replica has it. */
  tryLead(): Promise<AsyncDisposable | null>;
}

/** Something changed; whoever cares reads it again. A hint may be lost, so every reader also polls. */
export type Hint =
  | { readonly kind: "queue" }
  | { readonly kind: "job"; readonly jobId: string }
  | { readonly kind: "output"; readonly jobId: string }
  | { readonly kind: "balance"; readonly accountId: string }
  | { readonly kind: "cancel"; readonly attemptId: string }
  /** A rig has opened a session: older ones end. */
  | { readonly kind: "rig"; readonly rigId: string; readonly epoch: number }
  | { readonly kind: "outbox" };

/** Hints between the parts of one replica and, at most ten a second, between replicas. */
export interface Hints {
  give(hint: Hint): void;
  /** Returns the undo. */
  listen(listener: (hint: Hint) => void): Disposable;
}

/** Who calls, as a verified token says. */
export interface Principal {
  readonly subject: string;
  readonly username: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly sessionId: string | null;
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
}

/** Verifies access tokens. Throws `NotAllowed` (TOKEN_*) or `Unavailable` (ISSUER_AWAY). */
export interface Authenticator {
  verify(token: string): Promise<Principal>;
}

/** Fields of structured log lines. Secrets and cell source never go in. */
export interface Logger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** One connected rig, as use cases see it. Throws `Unavailable` when it is not connected or does not answer in time. */
export interface RigLink {
  send(rigId: string, message: RigMessage): Promise<unknown>;
  isConnected(rigId: string): boolean;
}
export interface RigMessage {
  readonly t: "offer" | "cancel" | "watched" | "input";
  readonly body: unknown;
}

/** Keys of accounts in managed custody. A sealed key is worth nothing without the master key, which the database never sees. */
export interface Vault {
  /** A new secp256k1 key: its address in lower case, and the key sealed for that address. */
  createKey(): { readonly address: string; readonly sealedKey: string };
  /** Signature (65 bytes, hex) of a 32-byte digest. Throws `Bug` where the key does not open or belongs to another address. */
  sign(key: { readonly address: string; readonly sealedKey: string }, digest: string): string;
}

/** Checks of secp256k1 signatures. */
export interface Signatures {
  /** Address (lower case) whose key signed the 32-byte digest; null where the signature is malformed. */
  recover(digest: string, signature: string): string | null;
  /** Address (lower case) that signed a text by EIP-191; null where the signature is malformed. */
  recoverText(text: string, signature: string): string | null;
}

/** What the escrow knows of a payer. Base units. */
export interface PayerOnChain {
  readonly tokens: bigint;
  readonly deposited: bigint;
}

/** An event of the escrow, decoded: its name and its fields by name. */
export interface ChainEvent {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What became of a call. `refused`: it reverts, or would; nothing was moved. `reason` is the name of the contract's error. */
export type ChainOutcome =
  | {
      readonly status: "mined";
      readonly hash: string;
      readonly blockNumber: number;
      readonly events: readonly ChainEvent[];
    }
  | { readonly status: "refused"; readonly hash: string | null; readonly reason: string };

/** A key in managed custody: whose transaction it is to be. */
export interface SealedKey {
  readonly address: string;
  readonly sealedKey: string;
}

/** A call of a contract that is to be put on the chain once. */
export interface ChainCall {
  /** Unique name of the intent, such as `settle:<job id>`: the same purpose is never sent under two nonces. */
  readonly purpose: string;
  readonly contract: "token" | "escrow";
  readonly method: string;
  readonly args: readonly unknown[];
  /** Sender; absent: the campus's own account. */
  readonly from?: SealedKey;
}

/**
 * The chain on which the campus settles. Everything here throws `Unavailable` (CHAIN_AWAY) when the chain does not answer,
 * and may be called again with the same arguments.
 */
export interface ChainPort {
  /** Address of the account that sends the campus's transactions and keeps the rig table. */
  readonly sender: string;
  /** Signs, stores, sends, and waits until mined. A purpose that was sent before gives its outcome again, whatever the arguments. */
  perform(call: ChainCall): Promise<ChainOutcome>;
  payer(address: string): Promise<PayerOnChain>;
  /** Number of grants already taken for the pair. */
  grantNonce(payer: string, spender: string): Promise<number>;
  isRigEnrolled(receiptAddress: string): Promise<boolean>;
  /** The payment of a receipt, whoever sent it; null where there is none. */
  findSettled(receiptHash: string): Promise<(ChainOutcome & { readonly status: "mined" }) | null>;
  /** What a payer signs (EIP-2612) so that the escrow may take `amount` of his tokens. `deadline` in unix seconds. */
  permitDigest(permit: {
    readonly owner: string;
    readonly amount: bigint;
    readonly deadline: number;
  }): Promise<string>;
  /** Height of the chain; proof that it answers. */
  height(): Promise<number>;
}

/** One answered request. */
export interface AnsweredRequest {
  /** Path as the route table has it, never the one that was asked. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

/** Figures of this replica, and of the database as it is when they are asked for. */
export interface Metrics {
  countRequest(request: AnsweredRequest): void;
  countOutbox(topic: string, result: "done" | "failed"): void;
  /** Text for Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}
