import { createPrivateKey, sign } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCampus, signInAs } from "@nebula/devnet";
import type { Campus } from "./campus.ts";

type Claims = Record<string, unknown>;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string | undefined): Claims =>
  JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Claims; // a JWT's parts are objects

/** A fresh access token of a demo account, from the campus's own issuer. */
export async function freshToken(campus: Campus, username: string): Promise<string> {
  const { issuer, clientId, redirectUri } = await readCampus(campus.serverUrl);
  return (await signInAs({ issuer, clientId, redirectUri, username, password: username })).accessToken;
}

/** The same token with other claims, signed anew by the issuer's own key. */
export async function reissued(campus: Campus, token: string, claims: Claims): Promise<string> {
  const file = join(campus.home, "state", "issuer", "signing-key.json");
  const jwk = JSON.parse(await readFile(file, "utf8")) as JsonWebKey; // written by the demo issuer
  const [header, body] = token.split(".");
  const signed = `${header ?? ""}.${encode({ ...decode(body), ...claims })}`;
  const signature = sign("sha256", Buffer.from(signed), createPrivateKey({ key: jwk, format: "jwk" }));
  return `${signed}.${signature.toString("base64url")}`;
}

/** The same token with other claims under its old signature. */
export function tampered(token: string, claims: Claims): string {
  const [header, body, signature] = token.split(".");
  return [header, encode({ ...decode(body), ...claims }), signature].join(".");
}
