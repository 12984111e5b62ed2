import { Conflict, newId } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import type { Principal, Sql } from "./ports.ts";
import { recordEvent } from "./record-event.ts";

/** A person's account. `sealedKey` is null where the person keeps the key himself. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly address: string;
  readonly custody: "managed" | "self";
  readonly sealedKey: string | null;
}

interface AccountRow {
  id: string;
  subject: string | null;
  username: string;
  name: string;
  address: string;
  custody: "managed" | "self";
  sealed_key: string | null;
}

const COLUMNS = "id, subject, username, name, address, custody, sealed_key";

function accountOf(row: AccountRow): Account {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    address: row.address,
    custody: row.custody,
    sealedKey: row.sealed_key,
  };
}

async function findBySubject(sql: Sql, subject: string): Promise<AccountRow | undefined> {
  const [row] = await sql.query<AccountRow>(`select ${COLUMNS} from account where subject = $1`, [subject]);
  return row;
}

/** The account of a username that somebody has put on a roster, or a new one, with a managed key. It has no subject until sign-in. */
export async function accountOfUsername(
  ctx: Pick<AppContext, "clock" | "random" | "vault">,
  sql: Sql,
  username: string,
): Promise<Account> {
  const [known] = await sql.query<AccountRow>(`select ${COLUMNS} from account where username = $1`, [
    username,
  ]);
  if (known !== undefined) return accountOf(known);
  const { address, sealedKey } = ctx.vault.createKey();
  const now = ctx.clock.now();
  const id = newId("account", now, (size) => ctx.random.bytes(size));
  await sql.query(
    `insert into account (id, kind, username, name, address, custody, sealed_key, created_at)
     values ($1, 'person', $2, $2, $3, 'managed', $4, $5) on conflict (username) do nothing`,
    [id, username, address, sealedKey, now],
  );
  const [row] = await sql.query<AccountRow>(`select ${COLUMNS} from account where username = $1`, [username]);
  if (row === undefined)
    throw new Conflict("STATE_STALE", `The account of ${username} was removed while it was made`);
  return accountOf(row);
}

async function link(ctx: AppContext, sql: Sql, principal: Principal): Promise<AccountRow> {
  await accountOfUsername(ctx, sql, principal.username);
  const [linked] = await sql.query<AccountRow>(
    `update account set subject = $1, name = $2 where username = $3 and (subject is null or subject = $1) returning ${COLUMNS}`,
    [principal.subject, principal.name, principal.username],
  );
  if (linked !== undefined) {
    const at = ctx.clock.now();
    await recordEvent(sql, {
      kind: "account-linked",
      actor: linked.id,
      subject: linked.id,
      data: { address: linked.address },
      at,
    });
    return linked;
  }
  // why: a username that was given to another person must not inherit the first one's money
  throw new Conflict(
    "STATE_STALE",
    `The username ${principal.username} belongs to the account of another person; ask campus IT to rename one of them`,
  );
}

/**
 * The account of a signed-in person, made at the first sign-in. A username that stands on a roster is linked to the subject that
 * first signs in under it, and to no other. Throws `Conflict` (STATE_STALE) where the username is another subject's.
 */
export async function ensureAccount(ctx: AppContext, principal: Principal): Promise<Account> {
  const known = await findBySubject(ctx.db, principal.subject);
  if (known !== undefined) return accountOf(known);
  return accountOf(await ctx.db.transaction((sql) => link(ctx, sql, principal)));
}
