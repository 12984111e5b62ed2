import { createPublicKey, verify } from "node:crypto";
import { startIssuer } from "../../src/parts/issuer/index.ts";
import type { IssuerHandle, IssuerOptions } from "../../src/parts/issuer/index.ts";
import { freePort } from "../../src/process/ports.ts";

export const PAGE = "http://127.0.0.1:8704";
export const CALLBACK = "http://127.0.0.1:8700/auth/callback";

/** An issuer over `stateFolder`, on a port of its own. */
export async function anIssuer(
  stateFolder: string,
  options: Partial<IssuerOptions> = {},
): Promise<IssuerHandle> {
  return await startIssuer({
    port: await freePort(),
    stateFolder,
    webOrigins: [PAGE],
    redirectUris: [CALLBACK],
    postLogoutRedirectUris: [PAGE],
    log: () => undefined,
    ...options,
  });
}

/** Ada of the demo accounts, at this issuer. */
export function ada(issuer: string) {
  return { issuer, clientId: "nebula-lab", redirectUri: CALLBACK, username: "ada", password: "ada" };
}

/** Header and claims of a token whose signature was checked against the issuer's published keys. */
export async function verified(issuer: string, token: string): Promise<{ header: Claims; claims: Claims }> {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const parse = (part: string): Claims => JSON.parse(Buffer.from(part, "base64url").toString()) as Claims; // a JWT's parts are objects
  const { keys } = (await (await fetch(`${issuer}/protocol/openid-connect/certs`)).json()) as {
    keys: Claims[];
  };
  const jwk = keys.find(({ kid }) => kid === parse(header)["kid"]);
  const key = createPublicKey({ key: jwk ?? {}, format: "jwk" });
  const good = verify(
    "RSA-SHA256",
    Buffer.from(`${header}.${payload}`),
    key,
    Buffer.from(signature, "base64url"),
  );
  if (!good) throw new Error("the signature does not hold");
  return { header: parse(header), claims: parse(payload) };
}

export type Claims = Record<string, unknown>;

/** Posts a form to one of the realm's routes below `protocol/openid-connect/`. */
export async function postForm(
  issuer: string,
  route: string,
  form: Record<string, string>,
): Promise<Response> {
  return await fetch(`${issuer}/protocol/openid-connect/${route}`, {
    method: "POST",
    body: new URLSearchParams(form),
  });
}
