import type { RouteName, ROUTES } from "@nebula/protocol";
import type { z } from "zod";
import type { AppContext } from "../app/context.ts";
import type { Account } from "../app/ensure-account.ts";
import type { Principal } from "../app/ports.ts";

type R<Name extends RouteName> = (typeof ROUTES)[Name];
type BodyOf<Name extends RouteName> = R<Name>["body"] extends z.ZodType ? z.output<R<Name>["body"]> : null;

/** Who calls a route that needs sign-in. */
export interface Caller {
  readonly principal: Principal;
  readonly account: Account;
}

/** A download: sent as it comes, never whole in memory. */
export interface Download {
  readonly contentType: string;
  readonly fileName: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** One request, decoded and authorised. `caller` is null on public routes only. */
export interface RouteCall<Name extends RouteName> {
  readonly params: z.output<R<Name>["params"]>;
  readonly query: z.output<R<Name>["query"]>;
  readonly body: BodyOf<Name>;
  readonly caller: R<Name>["auth"] extends { readonly kind: "public" } ? null : Caller;
  /** `Idempotency-Key`; null on routes that take none. */
  readonly key: string | null;
  /** The body in wire form, for the comparison of repeated calls. */
  readonly wire: unknown;
}

/** What a route answers, in wire form. */
export type RouteAnswer<Name extends RouteName> = R<Name>["response"] extends z.ZodType
  ? z.input<R<Name>["response"]>
  : Download;

/** What binds a route to its use case. */
export type Handler<Name extends RouteName> = (
  ctx: AppContext,
  call: RouteCall<Name>,
) => Promise<RouteAnswer<Name>>;
export type Handlers = { readonly [Name in RouteName]: Handler<Name> };
