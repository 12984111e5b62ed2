import {
  ERROR_CODES,
  errorOf,
  problemSchema,
  ROUTES,
  Unavailable,
  type ErrorCode,
  type NebulaError,
  type Route,
  type RouteInput,
  type RouteName,
  type RouteOutput,
} from "@nebula/protocol";
import { z } from "zod";

/** How a client reaches the server. */
export interface CallOptions {
  /** Base URL of the server, without a trailing slash. */
  readonly serverUrl: string;
  /** Access token to send, or null when signed out. Asked before each call. */
  readonly accessToken: () => Promise<string | null>;
  /** Default: the global `fetch`, taken when the client is made, so that later page code cannot replace it. */
  readonly fetch?: typeof fetch;
  /** Longest wait for an answer, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

type Optional<Input> = { [Key in keyof Input]?: Input[Key] };
/** What a call takes: params, query, body as its route says; `idempotencyKey` where the route takes one (default: a fresh one). */
export type CallInput<Name extends RouteName> = Optional<RouteInput<Name>> & {
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
};

/** Calls one route by its name. Throws the `NebulaError` of the problem document, or `Unavailable` (SERVER_AWAY). */
export type Call = <Name extends RouteName>(
  name: Name,
  input?: CallInput<Name>,
) => Promise<RouteOutput<Name>>;

type LooseInput = {
  params?: unknown;
  query?: unknown;
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
};

function addressOf(serverUrl: string, route: Route, input: LooseInput): string {
  const params = (input.params ?? {}) as Record<string, string>; // the route's params schema holds strings only
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input.query ?? {}))
    if (value !== undefined) query.set(key, String(value));
  return `${serverUrl}${path}${query.size > 0 ? `?${query.toString()}` : ""}`;
}

function requestOf(route: Route, input: LooseInput, token: string | null): RequestInit {
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== null && route.auth.kind === "user") headers["authorization"] = `Bearer ${token}`;
  if (route.idempotency === "key") headers["idempotency-key"] = input.idempotencyKey ?? crypto.randomUUID();
  if (route.body === null) return { method: route.method, headers };
  headers["content-type"] = "application/json";
  return { method: route.method, headers, body: JSON.stringify(z.encode(route.body, input.body)) };
}

/** The error that a failed answer stands for. */
export async function errorFrom(response: Response): Promise<NebulaError> {
  const problem = problemSchema.safeParse(await response.json().catch(() => null));
  if (!problem.success || !(problem.data.code in ERROR_CODES)) {
    return new Unavailable(
      "SERVER_AWAY",
      `The campus server answered ${String(response.status)} in a form that is not its own; a proxy may stand between`,
    );
  }
  const { code, detail, data, instance, retryAfterMs } = problem.data;
  const facts = { ...data, instance, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return errorOf(code as ErrorCode, detail, { data: facts }); // checked by `in` above
}

/** Makes the function that calls the server's routes. */
export function createCall(options: CallOptions): Call {
  const pristineFetch = (options.fetch ?? fetch).bind(globalThis);
  const send = async (url: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> => {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    try {
      return await pristineFetch(url, {
        ...init,
        credentials: "omit",
        redirect: "error",
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new Unavailable("SERVER_AWAY", `The campus server at ${options.serverUrl} does not answer`, {
        cause,
      });
    }
  };
  return async (name, input = {}) => {
    const route: Route = ROUTES[name];
    const response = await send(
      addressOf(options.serverUrl, route, input),
      requestOf(route, input, await options.accessToken()),
      input.signal,
    );
    if (!response.ok) throw await errorFrom(response);
    const answer =
      route.response === "bytes"
        ? new Uint8Array(await response.arrayBuffer())
        : z.decode(route.response, await response.json());
    return answer as never; // decoded by the schema that RouteOutput is derived from
  };
}
