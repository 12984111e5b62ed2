import { InsufficientFunds, type Nbai, NotFound } from "@nebula/protocol";
import { capFault, type Caps } from "../domain/caps.ts";
import { accountName } from "../domain/ledger.ts";
import type { Sql } from "./ports.ts";

/** An allocation as one member may spend from it. */
export interface Purse {
  readonly allocationId: string;
  readonly state: string;
  /** Address that pays. */
  readonly payer: string;
  /** Unix seconds at which the grants end. */
  readonly validUntil: number;
  readonly caps: Caps;
}

interface PurseRow {
  allocation: string;
  state: string;
  payer: string;
  valid_until: bigint;
  cap: bigint;
  per_job_max: bigint;
}

const PURSE = `
  select m.allocation, o.state, p.address as payer, o.valid_until, m.cap, m.per_job_max
  from membership m join allocation o on o.id = m.allocation join account p on p.id = o.payer`;

async function balances(
  sql: Sql,
  allocationId: string,
  accountId: string,
): Promise<{ used: Nbai; free: Nbai }> {
  const free = accountName.free(allocationId);
  const rows = await sql.query<{ account: string; amount: bigint }>(
    "select account, amount from ledger_balance where account = any($1)",
    [[free, accountName.held(allocationId, accountId), accountName.spent(allocationId, accountId)]],
  );
  let used = 0n;
  for (const row of rows) if (row.account !== free) used += row.amount;
  return { used, free: rows.find((row) => row.account === free)?.amount ?? 0n };
}

async function purseOf(sql: Sql, row: PurseRow, accountId: string): Promise<Purse> {
  const { used, free } = await balances(sql, row.allocation, accountId);
  return {
    allocationId: row.allocation,
    state: row.state,
    payer: row.payer,
    validUntil: Number(row.valid_until),
    caps: { perJobMax: row.per_job_max, cap: row.cap, used, free },
  };
}

/** Every purse of an account, oldest allocation first. */
export async function readPurses(sql: Sql, accountId: string): Promise<readonly Purse[]> {
  const rows = await sql.query<PurseRow>(`${PURSE} where m.account = $1 order by o.created_at, o.id`, [
    accountId,
  ]);
  const purses: Purse[] = [];
  for (const row of rows) purses.push(await purseOf(sql, row, accountId));
  return purses;
}

/** One purse, its member's cap locked until the transaction ends: nobody else submits for the same member meanwhile. */
export async function lockPurse(
  sql: Sql,
  of: { readonly allocationId: string; readonly accountId: string },
): Promise<Purse> {
  const [row] = await sql.query<PurseRow>(
    `${PURSE} where m.allocation = $1 and m.account = $2 for update of m`,
    [of.allocationId, of.accountId],
  );
  if (row === undefined)
    throw new NotFound("ALLOCATION_UNKNOWN", "You are no longer a member of the allocation that was to pay");
  return purseOf(sql, row, of.accountId);
}

/** Why a purse cannot pay `ceiling` now; null where it can. `nowMs`: unix milliseconds. */
export function purseFault(purse: Purse, ceiling: Nbai, nowMs: number): InsufficientFunds | null {
  if (purse.state !== "active")
    return new InsufficientFunds("ALLOCATION_NOT_ACTIVE", `The allocation is ${purse.state}, not active`);
  if (purse.validUntil * 1000 <= nowMs)
    return new InsufficientFunds("ALLOCATION_NOT_ACTIVE", "The allocation has ended");
  return capFault(ceiling, purse.caps);
}

/**
 * The oldest purse that can pay `ceiling`, else the oldest active one, else the oldest. Throws `NotFound` (ALLOCATION_UNKNOWN) where
 * the account is a member of none.
 */
export function choosePurse(purses: readonly Purse[], ceiling: Nbai, nowMs: number): Purse {
  const chosen =
    purses.find((purse) => purseFault(purse, ceiling, nowMs) === null) ??
    purses.find((purse) => purse.state === "active") ??
    purses[0];
  if (chosen === undefined)
    throw new NotFound("ALLOCATION_UNKNOWN", "You are not a member of any allocation");
  return chosen;
}
