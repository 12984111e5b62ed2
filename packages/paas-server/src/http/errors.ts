import {
  InvalidInput,
  NebulaError,
  NotAllowed,
  NotFound,
  type Route,
  ROUTES,
  Unavailable,
} from "@nebula/protocol";
import { z } from "zod";
import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import type { Logger } from "../app/ports.ts";
import { problemOf } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";

/** What Express and the body parser say, in our words; anything else unchanged. */
const parserErrorSchema = z.object({
  type: z.string(),
  status: z.int().max(499),
  limit: z.number().optional(),
});

function translated(error: unknown): unknown {
  if (error instanceof NebulaError) return error;
  if (error instanceof URIError) return new InvalidInput("INPUT_INVALID", "The address is not well formed");
  const said = parserErrorSchema.safeParse(error);
  if (!said.success) return error;
  const { type, limit = 0 } = said.data;
  if (type === "entity.too.large")
    return new InvalidInput("BODY_TOO_LARGE", `The body is above ${String(limit)} bytes`, {
      data: { limit },
    });
  return new InvalidInput("INPUT_INVALID", "The body is not JSON in UTF-8");
}

function setHeaders(response: Response, error: unknown): void {
  if (error instanceof NotAllowed && error.row.status === 401) {
    const detail = error.code === "TOKEN_MISSING" ? "" : ', error="invalid_token"';
    response.set("www-authenticate", `Bearer realm="nebula"${detail}`);
  }
  if (error instanceof Unavailable)
    response.set("retry-after", String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
}

/** Answers every error with a problem document; what is our fault goes to the log with its id and shows nothing else. */
export function errorAnswers(log: Logger): ErrorRequestHandler {
  // eslint-disable-next-line max-params -- Express knows an error handler by its four parameters
  return (raised: unknown, request, response, next) => {
    const requestId = requestIdOf(response);
    const error = translated(raised);
    const { status, problem } = problemOf(error, requestId);
    if (status >= 500) {
      const level = problem.code === "INTERNAL" ? "error" : "warn";
      log[level](
        {
          requestId,
          method: request.method,
          path: request.path,
          code: problem.code,
          err: error instanceof Error ? (error.stack ?? error.message) : "not an error",
        },
        "request failed",
      );
    }
    if (response.headersSent) {
      next(error);
      return;
    }
    setHeaders(response, error);
    response.status(status).type("application/problem+json").send(JSON.stringify(problem));
  };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}/?$`);
}
const KNOWN = Object.values<Route>(ROUTES).map((route) => ({
  method: route.method,
  pattern: patternOf(route.path),
}));

/** Last in line: 405 with `Allow` where the path exists under another method, else 404. */
export const unknownRoute: RequestHandler = (request, response, next) => {
  const methods = KNOWN.filter((route) => route.pattern.test(request.path)).map((route) => route.method);
  const error = new NotFound("ROUTE_UNKNOWN", `There is no ${request.method} ${request.path}`);
  if (methods.length === 0) {
    next(error);
    return;
  }
  const { problem } = problemOf(error, requestIdOf(response));
  response.status(405).set("allow", methods.join(", ")).type("application/problem+json");
  response.send(JSON.stringify({ ...problem, status: 405, title: "Method not allowed" }));
};
