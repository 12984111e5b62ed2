import { Bug, formatNbai, type Grant, signingDigest, Unavailable } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import { fundAllocation as bookFunds } from "./ledger.ts";
import type { ChainCall, SealedKey, Sql } from "./ports.ts";
import { recordEvent } from "./record-event.ts";

interface Funding {
  readonly id: string;
  readonly granted: bigint;
  /** Unix seconds. */
  readonly validUntil: number;
  readonly payer: SealedKey;
}

interface MemberRow {
  account: string;
  address: string;
  cap: bigint;
  per_job_max: bigint;
}

/** How often it is looked whether the tokens have arrived. */
const LOOK_AGAIN_MS = 2_000;
const REFUSED_AGAIN_MS = 30_000;

async function readFunding(
  sql: Sql,
  allocationId: string,
): Promise<(Funding & { state: string }) | undefined> {
  const [row] = await sql.query<{
    state: string;
    granted: bigint;
    valid_until: bigint;
    address: string;
    sealed_key: string;
  }>(
    "select o.state, o.granted, o.valid_until, p.address, p.sealed_key from allocation o join account p on p.id = o.payer where o.id = $1",
    [allocationId],
  );
  if (row === undefined) return undefined;
  return {
    id: allocationId,
    state: row.state,
    granted: row.granted,
    validUntil: Number(row.valid_until),
    payer: { address: row.address, sealedKey: row.sealed_key },
  };
}

/** v, r and s of a 65-byte signature. */
function partsOf(signature: string): { v: number; r: string; s: string } {
  return {
    r: signature.slice(0, 66),
    s: `0x${signature.slice(66, 130)}`,
    v: Number.parseInt(signature.slice(130), 16),
  };
}

async function performed(ctx: AppContext, call: ChainCall): Promise<string> {
  const outcome = await ctx.chain.perform(call);
  if (outcome.status === "mined") return outcome.hash;
  throw new Unavailable("CHAIN_AWAY", `The contract refused ${call.purpose}: ${outcome.reason}`, {
    data: { retryAfterMs: REFUSED_AGAIN_MS },
  });
}

/** Puts the payer's tokens into the escrow, by his own transaction. */
async function deposit(ctx: AppContext, of: Funding): Promise<void> {
  const { tokens, deposited } = await ctx.chain.payer(of.payer.address);
  const missing = of.granted - deposited;
  if (missing <= 0n) return;
  if (tokens < missing) {
    throw new Unavailable(
      "CHAIN_AWAY",
      `Waits until ${formatNbai(missing - tokens)} NBAI more have arrived at ${of.payer.address}`,
      { data: { retryAfterMs: LOOK_AGAIN_MS } },
    );
  }
  // why so long: the stored transaction must still hold after a chain that was away for days
  const digest = await ctx.chain.permitDigest({
    owner: of.payer.address,
    amount: missing,
    deadline: of.validUntil,
  });
  const { v, r, s } = partsOf(ctx.vault.sign(of.payer, digest));
  const args = [of.payer.address, missing, of.validUntil, v, r, s];
  await performed(ctx, {
    purpose: `deposit:${of.id}:${missing.toString()}`,
    contract: "escrow",
    method: "depositWithPermit",
    args,
    from: of.payer,
  });
}

async function becomeFunded(ctx: AppContext, of: Funding): Promise<void> {
  const at = ctx.clock.now();
  await ctx.db.transaction(async (sql) => {
    const moved = await sql.query(
      "update allocation set state = 'funded' where id = $1 and state = 'approved' returning id",
      [of.id],
    );
    if (moved.length === 0) return;
    await bookFunds(sql, { allocationId: of.id, amount: of.granted, at });
    await recordEvent(sql, {
      kind: "allocation-funded",
      actor: "server",
      subject: of.id,
      data: { granted: of.granted.toString(), payer: of.payer.address },
      at,
    });
  });
}

async function grant(ctx: AppContext, of: Funding, member: MemberRow): Promise<void> {
  const nonce = await ctx.chain.grantNonce(of.payer.address, member.address);
  const value: Grant = {
    payer: of.payer.address,
    spender: member.address,
    amount: member.cap,
    perJobMax: member.per_job_max,
    validUntil: of.validUntil,
    nonce,
  };
  const signature = ctx.vault.sign(of.payer, signingDigest(ctx.domainOf(), "Grant", value));
  await performed(ctx, {
    purpose: `grant:${of.id}:${member.account}`,
    contract: "escrow",
    method: "setGrant",
    args: [value, signature],
  });
  await ctx.db.query("update membership set granted_on_chain = true where allocation = $1 and account = $2", [
    of.id,
    member.account,
  ]);
}

async function becomeActive(ctx: AppContext, of: Funding): Promise<readonly string[]> {
  const at = ctx.clock.now();
  return ctx.db.transaction(async (sql) => {
    const open = await sql.query(
      "select account from membership where allocation = $1 and not granted_on_chain",
      [of.id],
    );
    if (open.length > 0) throw new Bug("INTERNAL", `The allocation ${of.id} has members without a grant`);
    await sql.query("update allocation set state = 'active' where id = $1 and state = 'funded'", [of.id]);
    await recordEvent(sql, { kind: "allocation-activated", actor: "server", subject: of.id, data: {}, at });
    const members = await sql.query<{ account: string }>(
      "select account from membership where allocation = $1",
      [of.id],
    );
    return members.map((member) => member.account);
  });
}

/**
 * Brings an allocation from approved to active: waits for the tokens, deposits them, books them, and gives each member his grant on
 * chain. Goes on where an earlier run stopped. Throws `Unavailable` (CHAIN_AWAY) while the tokens or the chain are missing.
 */
export async function fundAllocation(ctx: AppContext, allocationId: string): Promise<void> {
  const of = await readFunding(ctx.db, allocationId);
  if (of === undefined || !["approved", "funded"].includes(of.state)) return;
  if (of.state === "approved") {
    await deposit(ctx, of);
    await becomeFunded(ctx, of);
  }
  const members = await ctx.db.query<MemberRow>(
    "select m.account, a.address, m.cap, m.per_job_max from membership m join account a on a.id = m.account where m.allocation = $1 and not m.granted_on_chain order by m.account",
    [allocationId],
  );
  for (const member of members) await grant(ctx, of, member);
  for (const accountId of await becomeActive(ctx, of)) ctx.hints.give({ kind: "balance", accountId });
}
