import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moneyIsConserved } from "../../src/app/check-money.ts";
import {
  chargeJob,
  fundAllocation,
  holdForJob,
  memberBalance,
  settleInLedger,
} from "../../src/app/ledger.ts";
import type { Database } from "../../src/app/ports.ts";
import { aContext, seedCampus } from "../context.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());

interface Step {
  readonly kind: "fund" | "hold" | "charge" | "settle";
  /** Amount, or share of the hold in per mille. */
  readonly size: number;
  readonly pick: number;
}

/** The same allocation as the simplest program would keep it. */
class Model {
  readonly #db: Database;
  readonly of: { readonly allocationId: string; readonly accountId: string };
  readonly #held = new Map<string, bigint>();
  readonly #owed = new Map<string, bigint>();
  #free = 0n;
  #spent = 0n;

  constructor(db: Database, accountId: string) {
    this.#db = db;
    this.of = { allocationId: `alo_${randomBytes(6).toString("hex")}`, accountId };
  }

  get balance() {
    return {
      held: [...this.#held.values()].reduce((sum, amount) => sum + amount, 0n),
      spent: this.#spent,
      free: this.#free,
    };
  }

  async take(step: Step, at: number): Promise<void> {
    const take = {
      fund: () => this.#fund(step, at),
      hold: () => this.#hold(step, at),
      charge: () => this.#charge(step, at),
      settle: () => this.#settle(step, at),
    };
    await take[step.kind]();
  }

  async #fund({ size }: Step, at: number): Promise<void> {
    await fundAllocation(this.#db, { allocationId: this.of.allocationId, amount: BigInt(size), at });
    this.#free += BigInt(size);
  }

  async #hold({ size }: Step, at: number): Promise<void> {
    const amount = BigInt(size);
    const held = holdForJob(this.#db, { ...this.of, jobId: `job_${String(at)}`, amount, at });
    if (amount > this.#free) {
      await expect(held).rejects.toMatchObject({ code: "ALLOCATION_EXHAUSTED" });
      return;
    }
    await held;
    this.#free -= amount;
    this.#held.set(`job_${String(at)}`, amount);
  }

  async #charge({ size, pick }: Step, at: number): Promise<void> {
    const [jobId, held] = [...this.#held][pick % 3] ?? [];
    if (jobId === undefined || held === undefined) return;
    const price = (held * BigInt(size)) / 1_000n;
    await chargeJob(this.#db, { ...this.of, jobId, held, price, rigId: "rig_1", at });
    this.#held.delete(jobId);
    this.#free += held - price;
    this.#spent += price;
    if (price > 0n) this.#owed.set(jobId, price);
  }

  async #settle({ pick }: Step, at: number): Promise<void> {
    const [jobId, price] = [...this.#owed][pick % 3] ?? [];
    if (jobId === undefined || price === undefined) return;
    await settleInLedger(this.#db, {
      allocationId: this.of.allocationId,
      jobId,
      rigId: "rig_1",
      price,
      fee: price / 100n,
      at,
    });
    this.#owed.delete(jobId);
  }
}

const KINDS = ["fund", "hold", "hold", "charge", "charge", "settle"] as const;
const histories = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), size: fc.nat(1_000), pick: fc.nat(1_000) }),
  { minLength: 1, maxLength: 40 },
);

test("no history of holds, charges and settlements makes or loses money", async () => {
  const db = await cluster.openDatabase();
  const campus = await seedCampus(aContext(db), { granted: 1n });
  let number = 0;

  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const model = new Model(db, campus.student.id);
      for (const step of history) await model.take(step, (number += 1));

      expect(await memberBalance(db, model.of)).toEqual(model.balance);
      expect(await moneyIsConserved(db)).toEqual([]);
    }),
    { numRuns: 25 },
  );
});
