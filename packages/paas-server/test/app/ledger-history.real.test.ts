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

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step["kind"][]>("fund", "hold", "hold", "charge", "charge", "settle"),
    size: fc.nat(1_000),
    pick: fc.nat(1_000),
  }),
  { minLength: 1, maxLength: 40 },
);

test("no history of holds, charges and settlements makes or loses money", async () => {
  const db = await cluster.openDatabase();
  const campus = await seedCampus(aContext(db), { granted: 1n });
  let number = 0;

  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const of = { allocationId: `alo_${randomBytes(6).toString("hex")}`, accountId: campus.student.id };
      const model = { free: 0n, held: new Map<string, bigint>(), owed: new Map<string, bigint>(), spent: 0n };
      for (const { kind, size, pick } of history) {
        const at = (number += 1);
        const jobId = [...(kind === "settle" ? model.owed : model.held).keys()][pick % 3] ?? "";
        if (kind === "fund") {
          await fundAllocation(db, { allocationId: of.allocationId, amount: BigInt(size), at });
          model.free += BigInt(size);
        } else if (kind === "hold") {
          const held = holdForJob(db, { ...of, jobId: `job_${String(at)}`, amount: BigInt(size), at });
          if (BigInt(size) > model.free)
            await expect(held).rejects.toMatchObject({ code: "ALLOCATION_EXHAUSTED" });
          else {
            await held;
            model.free -= BigInt(size);
            model.held.set(`job_${String(at)}`, BigInt(size));
          }
        } else if (kind === "charge" && model.held.has(jobId)) {
          const held = model.held.get(jobId) ?? 0n;
          const price = (held * BigInt(size)) / 1_000n;
          await chargeJob(db, { ...of, jobId, held, price, rigId: "rig_1", at });
          model.held.delete(jobId);
          model.free += held - price;
          model.spent += price;
          if (price > 0n) model.owed.set(jobId, price);
        } else if (kind === "settle" && model.owed.has(jobId)) {
          const price = model.owed.get(jobId) ?? 0n;
          await settleInLedger(db, {
            allocationId: of.allocationId,
            jobId,
            rigId: "rig_1",
            price,
            fee: price / 100n,
            at,
          });
          model.owed.delete(jobId);
        }
      }
      const held = [...model.held.values()].reduce((sum, amount) => sum + amount, 0n);
      expect(await memberBalance(db, of)).toEqual({ held, spent: model.spent, free: model.free });
      expect(await moneyIsConserved(db)).toEqual([]);
    }),
    { numRuns: 25 },
  );
});
