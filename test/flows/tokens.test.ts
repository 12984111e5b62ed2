import { expect } from "vitest";
import { test } from "./campus.ts";
import type { Campus } from "./campus.ts";
import { aSpec } from "./jobs.ts";
import { freshToken, reissued, tampered } from "./tokens.ts";
import { handshakeAnswer } from "./viewer-handshake.ts";

const CASES = {
  "no token": { code: "TOKEN_MISSING", make: () => Promise.resolve(null) },
  "an expired token": {
    code: "TOKEN_EXPIRED",
    make: (campus: Campus, token: string) =>
      reissued(campus, token, { iat: 1_700_000_000, exp: 1_700_000_300 }),
  },
  "a token for another audience": {
    code: "TOKEN_INVALID",
    make: (campus: Campus, token: string) => reissued(campus, token, { aud: "another-server" }),
  },
  "a token of another issuer": {
    code: "TOKEN_INVALID",
    make: (campus: Campus, token: string) =>
      reissued(campus, token, { iss: "http://127.0.0.1:1/realms/nebula" }),
  },
  "a tampered token": {
    code: "TOKEN_INVALID",
    make: (_: Campus, token: string) => Promise.resolve(tampered(token, { preferred_username: "ops" })),
  },
} as const;
const cases = Object.entries(CASES);

async function submitWith(campus: Campus, token: string | null): Promise<{ status: number; code: unknown }> {
  const response = await fetch(`${campus.serverUrl}/v1/jobs`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ spec: aSpec("print(1)") }),
  });
  return { status: response.status, code: ((await response.json()) as { code?: unknown }).code };
}

const countJobs = async ({ database }: Campus): Promise<unknown> =>
  (await database.query("select count(*) from job"))[0];

test.for(cases)("%s submits nothing", async ([, { code, make }], { campus }) => {
  const token = await make(campus, await freshToken(campus, "ada"));
  const before = await countJobs(campus);

  const refusal = await submitWith(campus, token);

  expect(refusal).toEqual({ status: 401, code });
  expect(await countJobs(campus)).toEqual(before);
});

test.for(cases)("%s opens no viewer's socket", async ([, { code, make }], { campus }) => {
  const token = await make(campus, await freshToken(campus, "ada"));

  const answer = await handshakeAnswer(campus.serverUrl, token === null ? {} : { token });

  expect(answer).toBe(code);
});

test("the issuer's own key signs a token that is taken", async ({ campus }) => {
  const token = await reissued(campus, await freshToken(campus, "ada"), {});

  const answer = await handshakeAnswer(campus.serverUrl, { token });

  expect(answer).toBe("welcome");
});

test("a job of another student cannot be seen", async ({ campus }) => {
  const ada = await campus.as("ada");
  const tao = await campus.as("tao");
  const { id } = await ada.call("submitJob", { body: { spec: aSpec("print(1)") } });

  await expect(tao.call("getJob", { params: { jobId: id } })).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  await expect(tao.call("getLog", { params: { jobId: id } })).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  await expect(tao.follow(id)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });

  await ada.follow(id, { untilSettled: true });
});
