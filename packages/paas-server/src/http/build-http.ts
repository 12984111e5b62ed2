import express, { type Express } from "express";
import type { AppContext } from "../app/context.ts";
import type { Authenticator, Metrics } from "../app/ports.ts";
import { SERVER_VERSION } from "../app/read-campus.ts";
import { bindBackchannelLogout } from "./backchannel-logout.ts";
import { bindRoutes } from "./bind-routes.ts";
import { crossOrigin, securityHeaders } from "./browser-rules.ts";
import { errorAnswers, unknownRoute } from "./errors.ts";
import type { Handlers } from "./handler.ts";
import { allocationHandlers } from "./handlers/allocations.ts";
import { campusHandlers } from "./handlers/campus.ts";
import { jobHandlers } from "./handlers/jobs.ts";
import { outputHandlers } from "./handlers/output.ts";
import { rigHandlers } from "./handlers/rigs.ts";
import { bindHealth, type Part } from "./health.ts";
import { observeRequests } from "./observe.ts";
import { openApiDocument } from "./openapi.ts";
import { bindPages } from "./pages.ts";
import { callerLimit } from "./rate-limit.ts";
import { requestIds } from "./request-id.ts";

export interface HttpOptions {
  readonly ctx: AppContext;
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  readonly parts: readonly Part[];
  /** Where browsers and rigs reach this server. */
  readonly publicUrl: () => string;
  /** Ends the session that a logout token names. */
  readonly endSession: (logoutToken: string) => Promise<void>;
}

function bindDocuments(app: Express, metrics: Metrics): void {
  const document = openApiDocument(SERVER_VERSION);
  app.get("/openapi.json", (_request, response) => void response.json(document));
  app.get(
    "/metrics",
    async (_request, response) => void response.type(metrics.contentType).send(await metrics.text()),
  );
}

/** The whole of HTTP: rules for browsers, documents, pages, the route table, and problem documents for what fails. */
export function buildHttp(options: HttpOptions): Express {
  const { ctx, publicUrl } = options;
  const origins = () => [...ctx.config.origins, publicUrl()];
  const handlers: Handlers = {
    ...campusHandlers(publicUrl),
    ...jobHandlers,
    ...allocationHandlers,
    ...outputHandlers,
    ...rigHandlers(publicUrl),
  };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(
    requestIds(ctx.clock, ctx.random),
    observeRequests(options.metrics, ctx.log),
    securityHeaders(),
    crossOrigin(origins),
  );
  bindPages(app, { campusName: ctx.config.campusName, origins });
  bindHealth(app, options.parts);
  bindDocuments(app, options.metrics);
  bindBackchannelLogout(app, options.endSession);
  app.use("/v1", (_request, response, next) => {
    response.set("cache-control", "no-store");
    next();
  });
  bindRoutes(app, {
    ctx,
    authenticator: options.authenticator,
    handlers,
    limiter: callerLimit(ctx.config.limits.requestsPerMinute),
  });
  app.use(unknownRoute, errorAnswers(ctx.log));
  return app;
}
