import type { Nbai } from "@nebula/protocol";
import {
  accountName,
  chargeLegs,
  type EntryKind,
  fundLegs,
  holdLegs,
  type Leg,
  orderedLegs,
  settleLegs,
} from "../domain/ledger.ts";
import type { Sql } from "./ports.ts";

interface Posting {
  /** Unique: the same transaction is never written twice. */
  readonly tx: string;
  readonly kind: EntryKind;
  readonly jobId: string | null;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Writes one ledger transaction and moves the balances; waits for others that move the same balances. */
async function post(sql: Sql, posting: Posting, legs: readonly Leg[]): Promise<void> {
  const ordered = orderedLegs(legs);
  if (ordered.length === 0) return;
  const accounts = ordered.map((leg) => leg.account);
  const amounts = ordered.map((leg) => leg.amount.toString());
  await sql.query(
    `with leg as (select * from unnest($1::text[], $2::numeric[]) with ordinality as leg(account, amount, place)),
     entry as (
       insert into ledger_entry (tx, account, amount, kind, job, at)
       select $3, account, amount, $4, $5, $6 from leg order by place
     )
     insert into ledger_balance (account, amount) select account, amount from leg order by place
     on conflict (account) do update set amount = ledger_balance.amount + excluded.amount`,
    [accounts, amounts, posting.tx, posting.kind, posting.jobId, posting.at],
  );
}

/** Puts what an allocation was granted, and what the chain has confirmed, into its free balance. Once per `tx`. */
export async function fundAllocation(
  sql: Sql,
  funding: { readonly allocationId: string; readonly amount: Nbai; readonly at: number },
): Promise<void> {
  await post(
    sql,
    { tx: `fund:${funding.allocationId}:${String(funding.at)}`, kind: "fund", jobId: null, at: funding.at },
    fundLegs(funding.allocationId, funding.amount),
  );
}

export interface Hold {
  readonly jobId: string;
  readonly allocationId: string;
  readonly accountId: string;
  readonly amount: Nbai;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Reserves a job's ceiling: free → held. Caps are the caller's business; a balance below zero fails the transaction. */
export async function holdForJob(sql: Sql, hold: Hold): Promise<void> {
  await post(sql, { tx: `hold:${hold.jobId}`, kind: "hold", jobId: hold.jobId, at: hold.at }, holdLegs(hold));
}

export interface JobCharge {
  readonly jobId: string;
  readonly allocationId: string;
  readonly accountId: string;
  /** The whole hold of the job; what is not charged goes back. */
  readonly held: Nbai;
  /** 0 to `held`. */
  readonly price: Nbai;
  /** Who did the work; null only where the price is 0. */
  readonly rigId: string | null;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Ends a job's hold: the price is spent, the rest is free again. One transaction per job: a second charge fails. */
export async function chargeJob(sql: Sql, charge: JobCharge): Promise<void> {
  await post(
    sql,
    { tx: `charge:${charge.jobId}`, kind: "charge", jobId: charge.jobId, at: charge.at },
    chargeLegs(charge),
  );
}

export interface JobSettlement {
  readonly jobId: string;
  readonly allocationId: string;
  readonly rigId: string;
  readonly price: Nbai;
  readonly fee: Nbai;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Books a settlement that the chain has confirmed. One transaction per job: a second one fails. */
export async function settleInLedger(sql: Sql, settlement: JobSettlement): Promise<void> {
  await post(
    sql,
    { tx: `settle:${settlement.jobId}`, kind: "settle", jobId: settlement.jobId, at: settlement.at },
    settleLegs(settlement),
  );
}

/** Balances by account name; 0 where nothing was ever moved. */
export async function balancesOf(sql: Sql, accounts: readonly string[]): Promise<ReadonlyMap<string, Nbai>> {
  const rows = await sql.query<{ account: string; amount: bigint }>(
    "select account, amount from ledger_balance where account = any($1)",
    [accounts],
  );
  const found = new Map(rows.map((row) => [row.account, row.amount]));
  return new Map(accounts.map((account) => [account, found.get(account) ?? 0n]));
}

/** What a member has reserved and spent in an allocation, and what the allocation has free. */
export async function memberBalance(
  sql: Sql,
  of: { readonly allocationId: string; readonly accountId: string },
): Promise<{ held: Nbai; spent: Nbai; free: Nbai }> {
  const names = {
    held: accountName.held(of.allocationId, of.accountId),
    spent: accountName.spent(of.allocationId, of.accountId),
    free: accountName.free(of.allocationId),
  };
  const found = await balancesOf(sql, Object.values(names));
  return {
    held: found.get(names.held) ?? 0n,
    spent: found.get(names.spent) ?? 0n,
    free: found.get(names.free) ?? 0n,
  };
}
