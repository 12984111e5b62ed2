import { Unavailable } from "@nebula/protocol";
import type { Request, RequestHandler, Response } from "express";
import { ipKeyGenerator, rateLimit } from "express-rate-limit";
import type { Principal } from "../app/ports.ts";

const WINDOW_MS = 60_000;

function callerOf(request: Request, response: Response): string {
  const { principal } = response.locals as { principal?: Principal | null };
  return principal ? `sub:${principal.subject}` : `ip:${ipKeyGenerator(request.ip ?? "unknown")}`;
}

/** At most `perMinute` requests of one caller: a signed-in person by subject, anybody else by address. Answers RATE_LIMITED with `Retry-After`. */
export function callerLimit(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: perMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    keyGenerator: callerOf,
    handler: (_request, response, next) => {
      const seconds = Number(response.getHeader("retry-after") ?? 60);
      next(
        new Unavailable("RATE_LIMITED", `More than ${String(perMinute)} requests in a minute`, {
          data: { retryAfterMs: seconds * 1000 },
        }),
      );
    },
  });
}
