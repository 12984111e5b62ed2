import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { AppContext } from "./context.ts";

/** How long an enrolment code works. */
export const CODE_MS = 30 * 60_000;

/** How a code is stored: whoever reads the database cannot enrol with it. */
export function codeHashOf(code: string): string {
  return createHash("sha256").update(`nebula-enrolment:${code}`).digest("hex");
}

/** A code with which one machine may enrol once, within 30 minutes. It is shown here only. */
export async function createEnrolmentCode(
  ctx: AppContext,
  accountId: string,
): Promise<{ code: string; expiresAtMs: number }> {
  const code = Buffer.from(ctx.random.bytes(20)).toString("base64url");
  const expiresAtMs = ctx.clock.now() + CODE_MS;
  await ctx.db.query("insert into enrolment_code (code_hash, created_by, expires_at) values ($1, $2, $3)", [
    codeHashOf(code),
    accountId,
    expiresAtMs,
  ]);
  return { code, expiresAtMs };
}
