import { afterAll, beforeAll, expect, test } from "vitest";
import { balancesOf, chargeJob, fundAllocation, holdForJob, settleInLedger } from "../../src/app/ledger.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());

test("a hold, a charge and a settlement move money between accounts without loss", async () => {
  const db = await cluster.openDatabase();
  const of = { jobId: "job_1", allocationId: "alo_1", accountId: "acc_1", at: 1 };

  await fundAllocation(db, { allocationId: "alo_1", amount: 100n, at: 1 });
  await holdForJob(db, { ...of, amount: 40n });
  await chargeJob(db, { ...of, held: 40n, price: 30n, rigId: "rig_1" });
  await settleInLedger(db, {
    jobId: "job_1",
    allocationId: "alo_1",
    rigId: "rig_1",
    price: 30n,
    fee: 1n,
    at: 2,
  });

  const found = await balancesOf(db, [
    "allocation:alo_1:free",
    "allocation:alo_1:held:acc_1",
    "allocation:alo_1:spent:acc_1",
    "allocation:alo_1:owed",
    "rig:rig_1:earned",
    "treasury:fees",
  ]);
  expect([...found.values()]).toEqual([70n, 0n, 30n, 0n, 29n, 1n]);
});

test("the same job is not charged twice", async () => {
  const db = await cluster.openDatabase();
  const of = { jobId: "job_1", allocationId: "alo_1", accountId: "acc_1", at: 1 };
  await fundAllocation(db, { allocationId: "alo_1", amount: 100n, at: 1 });
  await holdForJob(db, { ...of, amount: 40n });
  await chargeJob(db, { ...of, held: 40n, price: 30n, rigId: "rig_1" });

  await expect(chargeJob(db, { ...of, held: 40n, price: 30n, rigId: "rig_1" })).rejects.toThrow(
    /ledger_entry_once/,
  );
});

test("more than what is free cannot be held", async () => {
  const db = await cluster.openDatabase();
  await fundAllocation(db, { allocationId: "alo_1", amount: 100n, at: 1 });

  await expect(
    holdForJob(db, { jobId: "job_1", allocationId: "alo_1", accountId: "acc_1", amount: 101n, at: 1 }),
  ).rejects.toMatchObject({ code: "ALLOCATION_EXHAUSTED" });
});
