import type { RequestHandler } from "express";
import type { Logger, Metrics } from "../app/ports.ts";
import { requestIdOf } from "./request-id.ts";

/** Measures and logs every answered request; neither query nor body, which may hold what is nobody's business. */
export function observeRequests(metrics: Pick<Metrics, "countRequest">, log: Logger): RequestHandler {
  return (request, response, next) => {
    const startMs = performance.now();
    response.on("finish", () => {
      const matched = request.route as { path?: unknown } | undefined;
      const route = typeof matched?.path === "string" ? matched.path : "unmatched";
      const elapsedMs = performance.now() - startMs;
      metrics.countRequest({
        route,
        method: request.method,
        status: response.statusCode,
        seconds: elapsedMs / 1000,
      });
      log.debug(
        {
          requestId: requestIdOf(response),
          method: request.method,
          route,
          status: response.statusCode,
          elapsedMs: Math.round(elapsedMs),
        },
        "request answered",
      );
    });
    next();
  };
}
