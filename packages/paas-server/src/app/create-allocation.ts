import { Bug, InvalidInput, NBAI_MAX, type NewAllocation, newId } from "@nebula/protocol";
import type { AppContext } from "./context.ts";
import { enqueueOutbox } from "./enqueue-outbox.ts";
import { accountOfUsername } from "./ensure-account.ts";
import { idempotent } from "./idempotent.ts";
import { type AllocationJson, readAllocation } from "./list-allocations.ts";
import type { Sql } from "./ports.ts";
import { recordEvent } from "./record-event.ts";

export interface AllocationRequest {
  /** Who approves; the owner too, unless the allocation names another. */
  readonly callerId: string;
  readonly allocation: NewAllocation;
  readonly key: string | null;
  /** The request in wire form, for idempotency. */
  readonly wire: unknown;
}

/** Latest moment that the contract's `uint40` holds, unix seconds. */
const TIME_MAX = 2 ** 40 - 1;

function invalid(field: string, reason: string): InvalidInput {
  return new InvalidInput("INPUT_INVALID", `${field}: ${reason}`, { data: { fields: [field] } });
}

function checkAmounts({ granted, members }: NewAllocation): void {
  if (granted === 0n) throw invalid("granted", "must be above 0");
  const amounts = [granted, ...members.flatMap(({ cap, perJobMax }) => [cap, perJobMax])];
  if (amounts.some((amount) => amount > NBAI_MAX))
    throw invalid("granted", "an amount is above what the contracts can hold");
}

function check(allocation: NewAllocation, nowMs: number): void {
  const { validUntil, members } = allocation;
  if (validUntil * 1000 <= nowMs || validUntil > TIME_MAX)
    throw invalid("validUntil", "must be in the future, in unix seconds");
  checkAmounts(allocation);
  const seen = new Set<string>();
  for (const username of members.map(usernameOf)) {
    if (seen.has(username)) throw invalid("members", `${username} stands there twice`);
    seen.add(username);
  }
}

/** Usernames are lower case at the issuer, however a roster writes them. */
function usernameOf(member: { readonly username: string }): string {
  return member.username.trim().toLowerCase();
}

async function createPayer(ctx: AppContext, sql: Sql, name: string): Promise<string> {
  const { address, sealedKey } = ctx.vault.createKey();
  const now = ctx.clock.now();
  const id = newId("account", now, (size) => ctx.random.bytes(size));
  await sql.query(
    "insert into account (id, kind, name, address, custody, sealed_key, created_at) values ($1, 'payer', $2, $3, 'managed', $4, $5)",
    [id, name, address, sealedKey, now],
  );
  return id;
}

async function addMembers(
  ctx: AppContext,
  sql: Sql,
  to: { readonly allocationId: string; readonly members: NewAllocation["members"] },
): Promise<void> {
  for (const member of to.members) {
    const account = await accountOfUsername(ctx, sql, usernameOf(member));
    await sql.query(
      "insert into membership (allocation, account, cap, per_job_max) values ($1, $2, $3, $4)",
      [to.allocationId, account.id, member.cap, member.perJobMax],
    );
  }
}

async function createIn(
  ctx: AppContext,
  sql: Sql,
  { callerId, allocation }: AllocationRequest,
): Promise<AllocationJson> {
  const now = ctx.clock.now();
  const id = newId("allocation", now, (size) => ctx.random.bytes(size));
  const ownerId =
    allocation.owner === undefined
      ? callerId
      : (await accountOfUsername(ctx, sql, usernameOf({ username: allocation.owner }))).id;
  const payer = await createPayer(ctx, sql, allocation.name);
  await sql.query(
    "insert into allocation (id, name, kind, state, owner, payer, granted, valid_until, created_at) values ($1, $2, $3, 'approved', $4, $5, $6, $7, $8)",
    [id, allocation.name, allocation.kind, ownerId, payer, allocation.granted, allocation.validUntil, now],
  );
  await addMembers(ctx, sql, { allocationId: id, members: allocation.members });
  await enqueueOutbox(sql, { topic: "fund-allocation", key: id, at: now });
  const data = {
    name: allocation.name,
    granted: allocation.granted.toString(),
    members: allocation.members.length,
  };
  await recordEvent(sql, { kind: "allocation-approved", actor: callerId, subject: id, data, at: now });
  const view = await readAllocation(sql, { allocationId: id, accountId: ownerId });
  if (view === undefined) throw new Bug("INTERNAL", `The allocation ${id} cannot be read by its owner`);
  return view;
}

/**
 * A budget with a cap per member. It pays once the tokens have arrived at its payer's address and the escrow holds them; members
 * need not have signed in. Idempotent by key. Throws `InvalidInput` (INPUT_INVALID) and `Conflict` (IDEMPOTENCY_REUSED).
 */
export async function createAllocation(ctx: AppContext, request: AllocationRequest): Promise<AllocationJson> {
  check(request.allocation, ctx.clock.now());
  const call = {
    accountId: request.callerId,
    route: "createAllocation",
    key: request.key,
    request: request.wire,
  };
  const { answer, isReplay } = await idempotent(ctx, call, (sql) => createIn(ctx, sql, request));
  if (!isReplay) ctx.hints.give({ kind: "outbox" });
  return answer;
}
