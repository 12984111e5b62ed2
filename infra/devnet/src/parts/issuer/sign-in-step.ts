import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type Provider from "oidc-provider";
import type { InteractionResults } from "oidc-provider";
import { readBody } from "../../process/request-body.ts";
import type { DemoAccount } from "./accounts.ts";
import { PAGE_HEADERS } from "./page.ts";
import { messagePage, signInPage } from "./pages.ts";

/** Largest sign-in form, bytes. */
const FORM_LIMIT = 4_096;
const EXPIRED = messagePage("Sign-in expired", "Close this page and press Sign in again in the notebook.");

/** What the sign-in page works with. */
export interface SignInStep {
  readonly provider: Provider;
  readonly accounts: readonly DemoAccount[];
}

/** Shows the sign-in page (GET) or checks what was entered (POST) and goes on to the client. */
export async function signInStep(
  step: SignInStep,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const outcome = await decide(step, request, response);
  if (outcome.kind === "page") response.writeHead(outcome.status, PAGE_HEADERS).end(outcome.page);
  else
    await step.provider.interactionFinished(request, response, outcome.result, {
      mergeWithLastSubmission: true,
    });
}

type Outcome =
  | { readonly kind: "page"; readonly status: number; readonly page: string }
  | { readonly kind: "result"; readonly result: InteractionResults };

async function decide(
  { provider, accounts }: SignInStep,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Outcome> {
  const action = request.url ?? "";
  const details = await provider.interactionDetails(request, response).catch(() => undefined);
  if (details === undefined) return { kind: "page", status: 400, page: EXPIRED };
  if (details.prompt.name !== "login") return { kind: "result", result: { consent: {} } };
  if (request.method !== "POST") return { kind: "page", status: 200, page: signInPage(action, accounts) };
  const account = findAccount(accounts, await readForm(request));
  if (account !== undefined) return { kind: "result", result: { login: { accountId: account.id } } };
  return { kind: "page", status: 200, page: signInPage(action, accounts, "Username or password is wrong.") };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(request, FORM_LIMIT)) ?? "");
}

function findAccount(accounts: readonly DemoAccount[], form: URLSearchParams): DemoAccount | undefined {
  const account = accounts.find(({ username }) => username === form.get("username")?.trim().toLowerCase());
  return account !== undefined && sameText(account.password, form.get("password") ?? "")
    ? account
    : undefined;
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
