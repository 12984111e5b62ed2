import type { allocationSchema, Nbai } from "@nebula/protocol";
import type { z } from "zod";
import { accountName } from "../domain/ledger.ts";
import { balancesOf } from "./ledger.ts";
import type { Sql } from "./ports.ts";

/** An allocation in wire form. */
export type AllocationJson = z.input<typeof allocationSchema>;

interface AllocationRow {
  id: string;
  name: string;
  kind: AllocationJson["kind"];
  state: AllocationJson["state"];
  owner_id: string;
  owner: string;
  payer: string;
  granted: bigint;
}

interface MemberRow {
  account: string;
  username: string;
  name: string;
  address: string;
  cap: bigint;
  per_job_max: bigint;
}

interface Used {
  readonly held: Nbai;
  readonly spent: Nbai;
}

function balanceJson(granted: Nbai, { held, spent }: Used) {
  const left = granted - held - spent;
  return {
    granted: granted.toString(),
    held: held.toString(),
    spent: spent.toString(),
    left: (left > 0n ? left : 0n).toString(),
  };
}

async function usedByMember(
  sql: Sql,
  allocationId: string,
  members: readonly MemberRow[],
): Promise<ReadonlyMap<string, Used>> {
  const names = members.map(({ account }) => ({
    account,
    held: accountName.held(allocationId, account),
    spent: accountName.spent(allocationId, account),
  }));
  const balances = await balancesOf(
    sql,
    names.flatMap(({ held, spent }) => [held, spent]),
  );
  return new Map(
    names.map(({ account, held, spent }) => [
      account,
      { held: balances.get(held) ?? 0n, spent: balances.get(spent) ?? 0n },
    ]),
  );
}

const NONE: Used = { held: 0n, spent: 0n };

async function viewOf(sql: Sql, row: AllocationRow, accountId: string): Promise<AllocationJson> {
  const members = await sql.query<MemberRow>(
    `select m.account, a.username, a.name, a.address, m.cap, m.per_job_max
     from membership m join account a on a.id = m.account where m.allocation = $1 order by a.username`,
    [row.id],
  );
  const used = await usedByMember(sql, row.id, members);
  const total = [...used.values()].reduce(
    (sum, one) => ({ held: sum.held + one.held, spent: sum.spent + one.spent }),
    NONE,
  );
  const visible =
    row.owner_id === accountId ? members : members.filter((member) => member.account === accountId);
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    state: row.state,
    owner: row.owner,
    payer: row.payer,
    ...balanceJson(row.granted, total),
    members: visible.map((member) => ({
      username: member.username,
      name: member.name,
      address: member.address,
      perJobMax: member.per_job_max.toString(),
      ...balanceJson(member.cap, used.get(member.account) ?? NONE),
    })),
  };
}

const ALLOCATION = `
  select o.id, o.name, o.kind, o.state, o.owner as owner_id, w.username as owner, p.address as payer, o.granted
  from allocation o join account w on w.id = o.owner join account p on p.id = o.payer`;

/** Allocations that an account owns or is a member of, oldest first. A member sees the whole and his own row, the owner every row. */
export async function listAllocations(sql: Sql, accountId: string): Promise<AllocationJson[]> {
  const rows = await sql.query<AllocationRow>(
    `${ALLOCATION} where o.owner = $1 or exists (select 1 from membership m where m.allocation = o.id and m.account = $1) order by o.created_at, o.id`,
    [accountId],
  );
  const views: AllocationJson[] = [];
  for (const row of rows) views.push(await viewOf(sql, row, accountId));
  return views;
}

/** One allocation, as the account sees it; undefined where it may not. */
export async function readAllocation(
  sql: Sql,
  of: { readonly allocationId: string; readonly accountId: string },
): Promise<AllocationJson | undefined> {
  return (await listAllocations(sql, of.accountId)).find((allocation) => allocation.id === of.allocationId);
}
