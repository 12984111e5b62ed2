import { z } from "zod";
import { CAMPUS_ROUTES } from "./campus-routes.ts";
import { JOB_ROUTES } from "./job-routes.ts";

/** Problem document (RFC 9457) that every error answers with, as `application/problem+json`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    who: z.string(),
    charged: z.string(),
    remedy: z.string(),
    /** Id of the request, for campus IT. */
    instance: z.string(),
    retryAfterMs: z.int().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problemSchema>;

/** The wire as data: the server binds it, clients call through it, `/openapi.json` is made from it. */
export const ROUTES = { ...CAMPUS_ROUTES, ...JOB_ROUTES };

export type RouteName = keyof typeof ROUTES;
type R<Name extends RouteName> = (typeof ROUTES)[Name];
/** What a caller passes, before encoding (bigints, not strings). */
export type RouteInput<Name extends RouteName> = {
  params: z.output<R<Name>["params"]>;
  query: z.input<R<Name>["query"]>;
  body: R<Name>["body"] extends z.ZodType ? z.output<R<Name>["body"]> : null;
};
/** What the caller gets, decoded. */
export type RouteOutput<Name extends RouteName> = R<Name>["response"] extends z.ZodType
  ? z.output<R<Name>["response"]>
  : Uint8Array;
