import { NotAllowed } from "@nebula/protocol";
import { z } from "zod";

const TOKEN_BYTES_MAX = 16 * 1024;
/** How far the issuer's clock may be ahead of ours. */
const SKEW_MS = 30_000;

const headerSchema = z.object({
  alg: z.literal("RS256"),
  kid: z.string().min(1).max(200),
  // why: a critical extension that nobody here knows must not be ignored (RFC 7515, 4.1.11)
  crit: z.never().optional().optional(),
});

const rolesSchema = z.object({ roles: z.array(z.string()).default([]) });

const claimsSchema = z.object({
  typ: z.literal("Bearer"),
  iss: z.string(),
  sub: z.string().min(1).max(200),
  azp: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
  sid: z.string().max(200).optional(),
  jti: z.string().optional(),
  // why: a token bound to a key (RFC 7800) is not a bearer token
  cnf: z.never().optional().optional(),
  preferred_username: z.string().min(1).max(120),
  name: z.string().max(200).optional(),
  realm_access: rolesSchema.optional(),
  resource_access: z.record(z.string(), rolesSchema).optional(),
});
export type AccessClaims = z.infer<typeof claimsSchema>;

/** A token that looks right; nothing says yet that the issuer signed it. */
export interface UncheckedToken<Claims> {
  readonly kid: string;
  readonly claims: Claims;
}

/** What a token is measured against. */
export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly authorizedParties: readonly string[];
}

function invalid(reason: string): NotAllowed {
  return new NotAllowed("TOKEN_INVALID", `The access token cannot be used: ${reason}`);
}

function canonicalSegment(segment: string): Buffer {
  const bytes = Buffer.from(segment, "base64url");
  // why: two texts of one signature would be two tokens
  if (segment === "" || bytes.toString("base64url") !== segment)
    throw invalid("it is not in canonical base64url");
  return bytes;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("it is not JSON");
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, part: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success)
    throw invalid(
      `${part} ${result.error.issues.map((issue) => `${issue.path.join(".")} (${issue.message})`).join(", ")}`,
    );
  return result.data;
}

/** Splits a compact JWS of exactly three canonical segments whose header allows RS256 and nothing else. Throws `NotAllowed` (TOKEN_INVALID). */
export function splitToken<Schema extends z.ZodType>(
  token: string,
  claims: Schema,
): UncheckedToken<z.output<Schema>> {
  if (token.length > TOKEN_BYTES_MAX) throw invalid("it is too long");
  const segments = token.split(".");
  const [header = "", payload = "", signature = ""] = segments;
  if (segments.length !== 3) throw invalid(`expected three segments, got ${String(segments.length)}`);
  canonicalSegment(signature);
  const { kid } = parsed(headerSchema, jsonOf(canonicalSegment(header)), "its header has");
  return { kid, claims: parsed(claims, jsonOf(canonicalSegment(payload)), "its claims have") };
}

function checkTimes(claims: Pick<AccessClaims, "exp" | "iat" | "nbf">, nowMs: number): void {
  if (claims.exp * 1000 <= nowMs) throw new NotAllowed("TOKEN_EXPIRED", "The access token has expired");
  if (claims.iat * 1000 > nowMs + SKEW_MS) throw invalid("it was issued in the future");
  if (claims.nbf !== undefined && claims.nbf * 1000 > nowMs + SKEW_MS) throw invalid("it is not valid yet");
}

/** Checks all of an access token but its signature. Throws `NotAllowed` (TOKEN_INVALID, TOKEN_EXPIRED). */
export function readAccessToken(
  token: string,
  rules: TokenRules,
  nowMs: number,
): UncheckedToken<AccessClaims> {
  const unchecked = splitToken(token, claimsSchema);
  const { claims } = unchecked;
  if (claims.iss !== rules.issuer) throw invalid("another issuer made it");
  if (![claims.aud].flat().includes(rules.audience)) throw invalid(`it is not for ${rules.audience}`);
  if (!rules.authorizedParties.includes(claims.azp))
    throw invalid(`the client ${claims.azp.slice(0, 100)} is not listed`);
  checkTimes(claims, nowMs);
  return unchecked;
}
