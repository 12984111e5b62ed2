import type { Outcome } from "@nebula/protocol";

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

/** How an attempt is to be charged. */
export interface Charge {
  readonly outcome: Outcome;
  readonly usedMs: number;
  readonly price: bigint;
}
