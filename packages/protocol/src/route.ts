import { z } from "zod";
import type { ErrorCode } from "./error-codes.ts";

/** Who may call: anybody, a signed-in user (with one of `permissions`, if given), or a rig. */
export type RouteAuth =
  { readonly kind: "public" } | { readonly kind: "user"; readonly permissions?: readonly string[] };

export interface Route {
  readonly method: "GET" | "POST";
  /** Path with `{name}` for each parameter. */
  readonly path: string;
  readonly summary: string;
  readonly auth: RouteAuth;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Null where no body is taken. */
  readonly body: z.ZodType | null;
  /** `bytes`: a download. */
  readonly response: z.ZodType | "bytes";
  readonly status: 200 | 201 | 202;
  /** `key`: takes `Idempotency-Key`; `natural`: the same call twice is the same as once; `safe`: changes nothing. */
  readonly idempotency: "key" | "natural" | "safe";
  /** Codes beyond those of sign-in, input and availability that every route may answer. */
  readonly errors: readonly ErrorCode[];
}

/** Schema of no fields. */
export const none = z.object({});

/** A signed-in user, with one of `permissions` if any are given. */
export const user = (...permissions: string[]): RouteAuth =>
  permissions.length > 0 ? { kind: "user", permissions } : { kind: "user" };
