import { afterAll, beforeAll, expect, test } from "vitest";
import { aContext, seedCampus } from "../context.ts";
import { eventually } from "../eventually.ts";
import { STUDENT } from "../issuer.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { startServer, type TestServer } from "../server.ts";

const parts = new AsyncDisposableStack();
const SPEC = {
  v: 1,
  image: "coursework",
  class: "cpu",
  cells: [{ id: "c1", source: "print(1)", role: "run" }],
};
let cluster: TestCluster;
let databaseUrl: string;
let campus: TestServer;

beforeAll(async () => {
  cluster = parts.use(await startPostgres());
  databaseUrl = await cluster.createDatabase();
  campus = parts.use(await startServer({ databaseUrl }));
  const { db, vault, random } = campus.server.ctx;
  await seedCampus(aContext(db, { vault, random }));
});
afterAll(() => parts.disposeAsync());

test("requests fail as unavailable while the database is away, and work when it is back", async () => {
  expect((await campus.request("/v1/me", { as: STUDENT })).status).toBe(200);

  await cluster.stop();
  const away = await campus.request("/v1/me", { as: STUDENT });
  const ready = await campus.request("/readyz");
  await cluster.start();

  expect(away).toMatchObject({ status: 503, problem: { code: "DATABASE_AWAY", who: "us", charged: "no" } });
  expect(away.headers.get("retry-after")).toBe("1");
  expect(ready).toMatchObject({ status: 503, body: { status: "away", parts: { database: "away" } } });
  await eventually(async () => expect((await campus.request("/v1/me", { as: STUDENT })).status).toBe(200));
});

test("an issuer that is away is named, and is no fault of the token", async () => {
  await using other = await startServer({ databaseUrl });
  other.issuer.answerBy((request) => void request.socket.destroy());

  const answer = await other.request("/v1/me", { as: STUDENT });

  expect(answer).toMatchObject({ status: 503, problem: { code: "ISSUER_AWAY", who: "network" } });
});

test("a caller above his rate is told when to go on", async () => {
  await using other = await startServer({ databaseUrl, config: { limits: { requestsPerMinute: 2 } } });
  await other.request("/v1/offerings");
  await other.request("/v1/offerings");

  const answer = await other.request("/v1/offerings");

  expect(answer).toMatchObject({ status: 429, problem: { code: "RATE_LIMITED" } });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("a key that was used is known to another replica", async () => {
  await using other = await startServer({ databaseUrl, after: campus });
  const options = { as: STUDENT, body: { spec: SPEC, ceiling: "5" }, headers: { "idempotency-key": "both" } };

  const [here, there] = await Promise.all([
    campus.request("/v1/jobs", options),
    other.request("/v1/jobs", options),
  ]);

  expect(here.status).toBe(201);
  expect(there.body).toEqual(here.body);
});

test("a hint given at one replica is heard at the other", async () => {
  await using other = await startServer({ databaseUrl, after: campus });
  const heard = new Promise((resolve) => {
    other.server.ctx.hints.listen((hint) => {
      if (hint.kind === "balance" && hint.accountId === "acc_x") resolve(hint);
    });
  });

  campus.server.ctx.hints.give({ kind: "balance", accountId: "acc_x" });

  expect(await heard).toEqual({ kind: "balance", accountId: "acc_x" });
});

test("a session that the issuer has ended is refused by every replica", async () => {
  await using other = await startServer({ databaseUrl, after: campus });
  const nowS = Math.floor(Date.now() / 1000);
  const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const token = await campus.issuer.sign({
    iss: campus.issuer.url,
    aud: "nebula-lab",
    iat: nowS,
    jti: "j",
    sid: "sid-ada",
    events,
  });
  const body = new URLSearchParams({ logout_token: token });

  const ended = await fetch(`${campus.server.url}/backchannel-logout`, { method: "POST", body });
  const after = await other.request("/v1/me", { as: STUDENT });

  expect(ended.status).toBe(200);
  expect(after.problem.code).toBe("TOKEN_INVALID");
});
