import { randomBytes } from "node:crypto";
import { escrowDomain, NBAI, newId } from "@nebula/protocol";
import { signatures } from "../src/adapters/vault/signatures.ts";
import { createVault } from "../src/adapters/vault/vault.ts";
import type { AppContext } from "../src/app/context.ts";
import { type Account, accountOfUsername } from "../src/app/ensure-account.ts";
import { fundAllocation } from "../src/app/ledger.ts";
import type { ChainPort, Clock, Database, Hint, Hints, Random, RigLink } from "../src/app/ports.ts";
import { parseConfig, type ServerConfigInput } from "../src/config/config.ts";
import { silentLogger } from "./silent-logger.ts";

export const systemTestRandom: Random = { bytes: (size) => randomBytes(size) };

/** A clock that stands until it is moved. Unix milliseconds. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function aClock(startMs = 1_795_000_000_000): ManualClock {
  let now = startMs;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
}

/** Hints that are kept for looking at. */
export function recordedHints(): Hints & { readonly given: Hint[] } {
  const listeners = new Set<(hint: Hint) => void>();
  const given: Hint[] = [];
  return {
    given,
    give(hint) {
      given.push(hint);
      for (const listener of [...listeners]) listener(hint);
    },
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

const refuse = (what: string) => () => Promise.reject(new Error(`unexpected: ${what}`));

/** A chain on which nothing is expected to happen. */
export const noChain: ChainPort = {
  sender: `0x${"0".repeat(40)}`,
  perform: refuse("chain.perform"),
  payer: refuse("chain.payer"),
  grantNonce: refuse("chain.grantNonce"),
  isRigEnrolled: refuse("chain.isRigEnrolled"),
  findSettled: refuse("chain.findSettled"),
  permitDigest: refuse("chain.permitDigest"),
  height: refuse("chain.height"),
};

/** No rig is connected. */
export const noRigs: RigLink = { send: refuse("rigs.send"), isConnected: () => false };

export const ESCROW = `0x${"e5".repeat(20)}`;

/** Settings of a test server: everything on loopback and on free ports. */
export function aConfig(overrides: Partial<ServerConfigInput> = {}) {
  return parseConfig({
    isDemo: true,
    port: 0,
    databaseUrl: "postgres://127.0.0.1:1/unused",
    chain: {
      rpcUrl: "http://127.0.0.1:1",
      token: `0x${"70".repeat(20)}`,
      escrow: ESCROW,
      keyFile: "/nonexistent/chain.key",
    },
    masterKeyFile: "/nonexistent/master.key",
    images: [
      { name: "coursework", title: "Coursework", tag: "nebula-coursework:test" },
      { name: "minimal", title: "Minimal", tag: "nebula-minimal:test" },
    ],
    logLevel: "silent",
    ...overrides,
  });
}

export type TestContext = AppContext & {
  readonly clock: ManualClock;
  readonly hints: ReturnType<typeof recordedHints>;
};

/** A context over a real database, with a clock that stands, a real vault, and neither chain nor rigs. */
export function aContext(db: Database, overrides: Partial<AppContext> = {}): TestContext {
  const config = overrides.config ?? aConfig();
  return {
    db,
    random: systemTestRandom,
    log: silentLogger,
    config,
    rigs: noRigs,
    vault: createVault(randomBytes(32), systemTestRandom),
    signatures,
    chain: noChain,
    domainOf: () => escrowDomain(config.chain.chainId, config.chain.escrow),
    clock: aClock(),
    hints: recordedHints(),
    ...overrides,
  } as TestContext; // a test that overrides clock or hints knows what it put there
}

export interface SeededCampus {
  readonly student: Account;
  readonly professor: Account;
  readonly allocationId: string;
  readonly payer: string;
}

export interface CampusSeed {
  readonly granted?: bigint;
  readonly cap?: bigint;
  readonly perJobMax?: bigint;
}

/** A professor's active, funded allocation with one student in it. */
export async function seedCampus(ctx: TestContext, seed: CampusSeed = {}): Promise<SeededCampus> {
  const granted = seed.granted ?? 1_000n * NBAI;
  const student = await accountOfUsername(ctx, ctx.db, "ada");
  const professor = await accountOfUsername(ctx, ctx.db, "prof");
  const { address, sealedKey } = ctx.vault.createKey();
  const now = ctx.clock.now();
  const bytes = (size: number) => ctx.random.bytes(size);
  const [payerId, allocationId] = [newId("account", now, bytes), newId("allocation", now, bytes)];
  await ctx.db.query(
    "insert into account (id, kind, name, address, custody, sealed_key, created_at) values ($1, 'payer', 'Course', $2, 'managed', $3, $4)",
    [payerId, address, sealedKey, now],
  );
  await ctx.db.query(
    "insert into allocation (id, name, kind, state, owner, payer, granted, valid_until, created_at) values ($1, 'Course', 'course', 'active', $2, $3, $4, $5, $6)",
    [allocationId, professor.id, payerId, granted, Math.floor(now / 1000) + 10_000_000, now],
  );
  await ctx.db.query(
    "insert into membership (allocation, account, cap, per_job_max, granted_on_chain) values ($1, $2, $3, $4, true)",
    [allocationId, student.id, seed.cap ?? granted, seed.perJobMax ?? granted],
  );
  await fundAllocation(ctx.db, { allocationId, amount: granted, at: now });
  return { student, professor, allocationId, payer: address };
}
