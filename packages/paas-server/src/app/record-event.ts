import { createHash } from "node:crypto";
import { canonicalText } from "@nebula/protocol";
import type { Sql } from "./ports.ts";

/** Something that happened, for the record: past tense, such as `job-submitted`. */
export interface RecordedEvent {
  readonly kind: string;
  /** Account or rig id that did it, or `server`. */
  readonly actor: string;
  /** Id of what it was done to. */
  readonly subject: string;
  /** Facts: JSON of strings, whole numbers, booleans and null; no secrets, no cell source. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Unix milliseconds. */
  readonly at: number;
}

/** `previous_hash` of the first event. */
export const FIRST_HASH = "0".repeat(64);

/** Hash of an event given the hash of the one before: SHA-256 of their canonical text, as hex. */
export function eventHash(previousHash: string, event: RecordedEvent): string {
  const { kind, actor, subject, data, at } = event;
  return createHash("sha256")
    .update(canonicalText({ previousHash, kind, actor, subject, data, at }))
    .digest("hex");
}

/**
 * Puts an event at the end of the record, in the caller's transaction. It waits for its place at the outbox worker's hand:
 * the hash chain is made when the event is sealed, so that transactions do not queue for one row.
 */
export async function recordEvent(sql: Sql, event: RecordedEvent): Promise<void> {
  await sql.query("insert into event (at, kind, actor, subject, data) values ($1, $2, $3, $4, $5)", [
    event.at,
    event.kind,
    event.actor,
    event.subject,
    canonicalText(event.data),
  ]);
}

interface EventRow {
  id: bigint;
  at: bigint;
  kind: string;
  actor: string;
  subject: string;
  data: Record<string, unknown>;
}

/**
 * Gives every event that is committed and has none its hash and place in the chain; returns how many. One caller at a time,
 * in one transaction: the chain's order is the order of sealing.
 */
export async function sealEvents(sql: Sql): Promise<number> {
  await sql.query("select pg_advisory_xact_lock(8686002)");
  const [head] = await sql.query<{ place: bigint; hash: string }>(
    "select place, hash from event where place is not null order by place desc limit 1",
  );
  const rows = await sql.query<EventRow>(
    "select id, at, kind, actor, subject, data from event where place is null order by id limit 1000",
  );
  let place = head?.place ?? 0n;
  let previous = head?.hash ?? FIRST_HASH;
  for (const row of rows) {
    const hash = eventHash(previous, { ...row, at: Number(row.at) });
    place += 1n;
    await sql.query("update event set place = $2, previous_hash = $3, hash = $4 where id = $1", [
      row.id,
      place,
      previous,
      hash,
    ]);
    previous = hash;
  }
  return rows.length;
}

/** Place of the first event whose hash does not follow from the one before; null where the whole chain holds. */
export async function findBreak(sql: Sql): Promise<bigint | null> {
  let previous = FIRST_HASH;
  let place = 0n;
  for (;;) {
    const rows = await sql.query<EventRow & { place: bigint; previous_hash: string; hash: string }>(
      "select id, at, kind, actor, subject, data, place, previous_hash, hash from event where place > $1 order by place limit 1000",
      [place],
    );
    for (const row of rows) {
      const isNext = row.place === place + 1n && row.previous_hash === previous;
      if (!isNext || row.hash !== eventHash(previous, { ...row, at: Number(row.at) })) return row.place;
      ({ place, hash: previous } = row);
    }
    if (rows.length === 0) return null;
  }
}
