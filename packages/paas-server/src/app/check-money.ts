import { formatNbai } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import type { Sql } from "./ports.ts";

/** One rule of the ledger as a statement that returns a row per breach: `what` it is about, and `found`. */
interface Rule {
  readonly rule: string;
  readonly text: string;
}

const BALANCE = (suffix: string) =>
  `coalesce((select sum(amount) from ledger_balance where account like 'allocation:' || o.id || ':${suffix}'), 0)`;

// Invariants I11 to I13 of domain/ledger.ts, and that jobs and ledger tell the same story.
const RULES: readonly Rule[] = [
  {
    rule: "I11: every transaction sums to zero",
    text: "select tx as what, sum(amount)::text as found from ledger_entry group by tx, asset having sum(amount) <> 0",
  },
  {
    rule: "a balance is the sum of its entries",
    text: `select coalesce(b.account, e.account) as what, coalesce(b.amount, 0)::text || ' against ' || coalesce(e.amount, 0)::text as found
           from ledger_balance b full join (select account, sum(amount) as amount from ledger_entry group by account) e on e.account = b.account
           where coalesce(b.amount, 0) <> coalesce(e.amount, 0)`,
  },
  {
    rule: "I13: granted = free + held + spent",
    text: `select o.id as what, o.granted::text || ' against ' || (${BALANCE("free")} + ${BALANCE("held:%")} + ${BALANCE("spent:%")})::text as found
           from allocation o where o.state in ('funded', 'active', 'frozen', 'closing')
             and o.granted <> ${BALANCE("free")} + ${BALANCE("held:%")} + ${BALANCE("spent:%")}`,
  },
  {
    rule: "what is spent is owed or paid",
    text: `select o.id as what, ${BALANCE("spent:%")}::text as found from allocation o where ${BALANCE("spent:%")} + ${BALANCE("owed")} + ${BALANCE("paid")} <> 0`,
  },
  {
    rule: "what is held is the hold of live jobs",
    text: `select o.id as what, ${BALANCE("held:%")}::text as found from allocation o
           where ${BALANCE("held:%")} <> coalesce((select sum(held) from job where allocation = o.id and state in ('queued', 'running')), 0)`,
  },
  {
    rule: "what is owed is the price of receipts not yet settled",
    text: `select o.id as what, ${BALANCE("owed")}::text as found from allocation o
           where -${BALANCE("owed")} <> coalesce((select sum(r.price) from receipt r join job j on j.id = r.job join settlement s on s.job = j.id
             where j.allocation = o.id and s.state in ('pending', 'refused')), 0)`,
  },
  {
    rule: "an ended job: held before = price + refunded",
    text: `select id as what, price::text || ' + ' || refunded::text as found from job
           where state not in ('queued', 'running') and (held <> 0 or price + refunded <> ceiling or price > ceiling)`,
  },
];

/** Breaches of the ledger's rules, in plain words; empty where money is conserved. Reads one consistent state. */
export async function moneyIsConserved(
  db: Pick<AppContext["db"], "transaction">,
): Promise<readonly string[]> {
  return db.transaction(async (sql) => {
    await sql.query("set transaction isolation level repeatable read read only");
    const breaches: string[] = [];
    for (const { rule, text } of RULES) {
      const rows = await sql.query<{ what: string; found: string }>(text);
      breaches.push(...rows.map((row) => `${rule}: ${row.what} has ${row.found}`));
    }
    return breaches;
  });
}

async function openBalances(sql: Sql): Promise<readonly { id: string; payer: string; expected: bigint }[]> {
  return sql.query(
    `select o.id, p.address as payer, ${BALANCE("free")} + ${BALANCE("held:%")} - ${BALANCE("owed")} as expected
     from allocation o join account p on p.id = o.payer where o.state in ('funded', 'active', 'frozen', 'closing')`,
  );
}

/** I12: differences between what each payer has in the escrow and what the ledger says; empty where they agree. For quiescent moments. */
export async function chainAgrees(ctx: Pick<AppContext, "db" | "chain">): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const { id, payer, expected } of await openBalances(ctx.db)) {
    const { deposited } = await ctx.chain.payer(payer);
    if (deposited !== expected)
      differences.push(
        `I12: ${id} has ${formatNbai(expected, 18)} in the ledger and ${formatNbai(deposited, 18)} on chain`,
      );
  }
  return differences;
}
