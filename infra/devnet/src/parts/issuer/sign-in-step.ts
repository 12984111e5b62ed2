import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type Provider from "oidc-provider";
import type { InteractionResults } from "oidc-provider";
import { readBody } from "../chain/request-body.ts";
import type { DemoAccount } from "./accounts.ts";
import { PAGE_HEADERS } from "./page.ts";
import { messagePage, signInPage } from "./pages.ts";

/** Largest sign-in form, bytes. */
const FORM_LIMIT = 4_096;

/** What the sign-in page works with. */
export interface SignInStep {
  readonly provider: Provider;
  readonly accounts: readonly DemoAccount[];
}

/** Shows the sign-in page (GET) or checks what was entered (POST) and goes on to the client. */
export async function signInStep(step: SignInStep, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const action = request.url ?? "";
  const details = await step.provider.interactionDetails(request, response).catch(() => undefined);
  if (details === undefined) {
    show(response, 400, messagePage("Sign-in expired", "Close this page and press Sign in again in the notebook."));
    return;
  }
  if (details.prompt.name !== "login") return await finish(step, { request, response }, { consent: {} });
  if (request.method !== "POST") return show(response, 200, signInPage(action, step.accounts));
  const account = findAccount(step.accounts, await readForm(request));
  if (account === undefined) {
    show(response, 200, signInPage(action, step.accounts, "Username or password is wrong."));
    return;
  }
  await finish(step, { request, response }, { login: { accountId: account.id } });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function finish(step: SignInStep, { request, response }: Exchange, result: InteractionResults): Promise<void> {
  await step.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(request, FORM_LIMIT)) ?? "");
}

function findAccount(accounts: readonly DemoAccount[], form: URLSearchParams): DemoAccount | undefined {
  const account = accounts.find(({ username }) => username === form.get("username")?.trim().toLowerCase());
  return account !== undefined && sameText(account.password, form.get("password") ?? "") ? account : undefined;
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function show(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, PAGE_HEADERS).end(text);
}
