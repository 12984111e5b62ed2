import { NotAllowed, type RouteAuth } from "@nebula/protocol";
import type { Request } from "express";
import type { Authenticator, Principal } from "../app/ports.ts";

const BEARER = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i;

/** The bearer token of a request. Throws `NotAllowed` (TOKEN_MISSING). */
export function bearerOf(request: Pick<Request, "get">): string {
  const header = request.get("authorization");
  const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
  if (token === undefined)
    throw new NotAllowed("TOKEN_MISSING", "Expected a header `Authorization: Bearer <access token>`");
  return token;
}

/** Who calls, with every right the route asks for; null on public routes. Throws `NotAllowed` or `Unavailable` (ISSUER_AWAY). */
export async function authorise(
  auth: RouteAuth,
  request: Pick<Request, "get">,
  authenticator: Authenticator,
): Promise<Principal | null> {
  if (auth.kind === "public") return null;
  const principal = await authenticator.verify(bearerOf(request));
  const missing = (auth.permissions ?? []).find((permission) => !principal.permissions.includes(permission));
  if (missing !== undefined)
    throw new NotAllowed(
      "ROLE_MISSING",
      `This needs the role ${missing}, which ${principal.username} does not have`,
      { data: { role: missing } },
    );
  return principal;
}
