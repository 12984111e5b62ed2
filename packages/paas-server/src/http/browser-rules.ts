import { NotAllowed } from "@nebula/protocol";
import cors from "cors";
import type { RequestHandler } from "express";
import helmet from "helmet";

/** Path of the page to which the issuer returns the browser. */
export const CALLBACK_PATH = "/auth/callback";

/**
 * Security headers. The callback page gets no Cross-Origin-Opener-Policy: any value there cuts it off from the notebook's page,
 * which waits for the sign-in.
 */
export function securityHeaders(): RequestHandler {
  const csp = {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
    },
  };
  const general = helmet({ contentSecurityPolicy: csp, referrerPolicy: { policy: "no-referrer" } });
  const callback = helmet({
    contentSecurityPolicy: csp,
    referrerPolicy: { policy: "no-referrer" },
    crossOriginOpenerPolicy: false,
  });
  return (request, response, next) =>
    (request.path === CALLBACK_PATH ? callback : general)(request, response, next);
}

/** Lets pages of the listed origins call, and no others; requests without `Origin` come from no page. */
export function crossOrigin(origins: () => readonly string[]): RequestHandler {
  const allow = cors({
    origin: (origin, callback) =>
      callback(null, origin !== undefined && origins().includes(origin) ? origin : false),
    methods: ["GET", "POST"],
    allowedHeaders: ["authorization", "content-type", "idempotency-key"],
    exposedHeaders: ["x-request-id", "retry-after", "content-disposition", "www-authenticate"],
    maxAge: 600,
  });
  return (request, response, next) => {
    const origin = request.get("origin");
    response.vary("origin");
    if (origin !== undefined && !origins().includes(origin)) {
      next(new NotAllowed("ORIGIN_NOT_ALLOWED", `Pages of ${origin.slice(0, 200)} may not call this campus`));
      return;
    }
    allow(request, response, next);
  };
}
