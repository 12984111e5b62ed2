import { createClient, createSession } from "@nebula/client";
import type { Client } from "@nebula/client";
import type { Campus } from "@nebula/protocol";
import { DEMO_ACCOUNTS } from "../parts/issuer/index.ts";
import { signInAs } from "./sign-in.ts";

/** What a campus says about itself, read without signing in. */
export async function readCampus(serverUrl: string): Promise<Campus> {
  await using client = createClient({ serverUrl, accessToken: () => Promise.resolve(null) });
  return await client.call("getCampus");
}

/** Signs a demo account in, through the issuer's own page, and gives the client that acts for it. */
export async function demoClient(serverUrl: string, username: string): Promise<Client> {
  const campus = await readCampus(serverUrl);
  const password = DEMO_ACCOUNTS.find((account) => account.username === username)?.password ?? username;
  const { issuer, clientId, redirectUri } = campus;
  const tokens = await signInAs({ issuer, clientId, redirectUri, username, password });
  const first = {
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken ?? null,
    expiresInMs: tokens.expiresInS * 1_000,
  };
  const session = createSession({ issuer, clientId }, first);
  return createClient({ serverUrl, accessToken: () => session.accessToken() });
}
