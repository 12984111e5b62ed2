import { createHash } from "node:crypto";
import type { Sql } from "./ports.ts";

/** Where bytes of an attempt's stream lie. */
export interface StreamName {
  readonly attemptId: string;
  readonly stream: "events" | "stderr";
}

const PAGE_ROWS = 4;

/**
 * Stored bytes of a stream from `from` on, chunk by chunk in order; only a few chunks are in memory at once. Bytes that arrive while
 * reading may or may not be seen.
 */
export async function* storedBytes(sql: Sql, of: StreamName, from = 0): AsyncGenerator<Buffer> {
  let at = from;
  for (;;) {
    const rows = await sql.query<{ at_offset: bigint; body: Buffer }>(
      `select at_offset, body from output_chunk where attempt = $1 and stream = $2
       and at_offset >= coalesce((select max(at_offset) from output_chunk where attempt = $1 and stream = $2 and at_offset <= $3), 0)
       order by at_offset limit ${PAGE_ROWS}`,
      [of.attemptId, of.stream, at],
    );
    const before = at;
    for (const row of rows) {
      const skip = at - Number(row.at_offset);
      if (skip < row.body.length) yield row.body.subarray(skip);
      at = Math.max(at, Number(row.at_offset) + row.body.length);
    }
    if (at === before) return;
  }
}

/** SHA-256 of a whole stored stream, as it goes on being fed. */
export async function hashStored(sql: Sql, of: StreamName): Promise<ReturnType<typeof createHash>> {
  const hash = createHash("sha256");
  for await (const bytes of storedBytes(sql, of)) hash.update(bytes);
  return hash;
}
