import { NotAllowed, Unavailable, type Campus } from "@nebula/protocol";
import { exchangeCode, signInRequest, type SignInRequest } from "./pkce.ts";
import { createSession, type Session } from "./session.ts";

/** Name of the channel on which the callback page also gives the code (an issuer with COOP cuts `window.opener`). */
export const SIGN_IN_CHANNEL = "nebula-sign-in";
const TIMEOUT_MS = 3 * 60_000;

/** What the callback page sends. */
export interface SignInMessage {
  readonly type: "nebula:sign-in";
  readonly state: string;
  readonly code?: string;
  readonly error?: string;
}

export interface PopupOptions {
  readonly campus: Pick<Campus, "issuer" | "clientId" | "redirectUri">;
  readonly window: Window;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
}

function isSignInMessage(data: unknown, state: string): data is SignInMessage {
  return (
    typeof data === "object" &&
    data !== null &&
    "type" in data &&
    data.type === "nebula:sign-in" &&
    "state" in data &&
    data.state === state
  );
}

/** Resolves with the callback's message. `popup.closed` is not looked at: under COOP it is true at once. */
function answerOf(options: PopupOptions, request: SignInRequest): Promise<SignInMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<SignInMessage>();
  const origin = new URL(options.campus.redirectUri).origin;
  const channel = new BroadcastChannel(SIGN_IN_CHANNEL);
  const onPost = (event: MessageEvent<unknown>): void => {
    if (event.origin === origin && isSignInMessage(event.data, request.state)) resolve(event.data);
  };
  channel.onmessage = (event: MessageEvent<unknown>) => {
    if (isSignInMessage(event.data, request.state)) resolve(event.data);
  };
  const timer = setTimeout(() => {
    reject(new Unavailable("ISSUER_AWAY", "Signing in took longer than three minutes; try again"));
  }, TIMEOUT_MS);
  options.window.addEventListener("message", onPost);
  options.signal?.addEventListener("abort", () => {
    reject(options.signal?.reason);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    channel.close();
    options.window.removeEventListener("message", onPost);
  });
}

/**
 * Signs in by a popup on the issuer's page. Call it in the click handler, before any await, or the browser blocks the popup.
 * Throws `NotAllowed` (TOKEN_INVALID) when refused or blocked, `Unavailable` (ISSUER_AWAY) after three minutes.
 */
export async function popupSignIn(options: PopupOptions): Promise<Session> {
  const popup = options.window.open("", "nebula-sign-in", "popup,width=480,height=680");
  if (popup === null)
    throw new NotAllowed(
      "TOKEN_INVALID",
      "The browser blocked the sign-in window; allow popups for this page and try again",
    );
  const request = await signInRequest(options.campus);
  const answer = answerOf(options, request);
  popup.location.href = request.url;
  const { code, error } = await answer;
  if (code === undefined)
    throw new NotAllowed("TOKEN_INVALID", `The sign-in service refused: ${error ?? "no code came back"}`);
  const endpoint = {
    issuer: options.campus.issuer,
    clientId: options.campus.clientId,
    ...(options.fetch ? { fetch: options.fetch } : {}),
  };
  return createSession(endpoint, await exchangeCode(endpoint, request, code));
}
