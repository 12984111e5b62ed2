import type { Sql } from "./ports.ts";

/** Longest life of an access token that was given out before its session ended. */
const KEPT_MS = 60 * 60_000;

/** Ends a sign-in session: its access tokens are refused from now on. The same again changes nothing. */
export async function revokeSession(sql: Sql, sessionId: string, nowMs: number): Promise<void> {
  await sql.query("delete from revoked_session where until < $1", [nowMs]);
  await sql.query(
    "insert into revoked_session (sid, until) values ($1, $2) on conflict (sid) do update set until = excluded.until",
    [sessionId, nowMs + KEPT_MS],
  );
}

/** Whether a sign-in session was ended. */
export async function isSessionRevoked(sql: Sql, sessionId: string): Promise<boolean> {
  const rows = await sql.query("select 1 from revoked_session where sid = $1", [sessionId]);
  return rows.length > 0;
}
