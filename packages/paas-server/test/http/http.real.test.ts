import { campusSchema, jobSchema, meSchema, NBAI, offeringsSchema } from "@nebula/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aContext, seedCampus } from "../context.ts";
import { OPERATOR, OTHER_STUDENT, PROFESSOR, STUDENT } from "../issuer.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { startServer, type TestServer } from "../server.ts";

let cluster: TestCluster;
let campus: TestServer;

const SPEC = {
  v: 1,
  image: "coursework",
  class: "cpu",
  cells: [{ id: "c1", source: "print(1)", role: "run" }],
  title: "n.ipynb",
};
const NOTEBOOK = "http://127.0.0.1:8704";

beforeAll(async () => {
  cluster = await startPostgres();
  const url = await cluster.createDatabase();
  campus = await startServer({ databaseUrl: url });
  const { db, vault, random } = campus.server.ctx;
  await seedCampus(aContext(db, { vault, random }));
});
afterAll(async () => {
  await campus[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test("anybody may ask where to sign in and what is offered", async () => {
  const info = campusSchema.parse((await campus.request("/v1/campus")).body);
  const offerings = offeringsSchema.parse((await campus.request("/v1/offerings")).body);

  expect(info.redirectUri).toBe(`${campus.server.url}/auth/callback`);
  expect(offerings.classes.map((entry) => entry.name)).toEqual(["cpu", "gpu"]);
});

test("a student who stood on the roster finds his budget at the first sign-in", async () => {
  const me = meSchema.parse((await campus.request("/v1/me", { as: STUDENT })).body);

  expect(me).toMatchObject({ username: "ada", custody: "managed", permissions: ["job.submit"] });
  expect(me.balance.left).toBe(1_000n * NBAI);
  expect(me.allocations[0]?.members.map((member) => member.username)).toEqual(["ada"]);
});

test("a job is estimated, quoted, submitted, read and listed", async () => {
  const estimate = await campus.request("/v1/estimates", { as: STUDENT, body: { spec: SPEC } });
  const quote = await campus.request("/v1/quotes", { as: STUDENT, body: { spec: SPEC, ceiling: "1000" } });
  const { jobId } = quote.body as { jobId: string };
  const submitted = await campus.request("/v1/jobs", { as: STUDENT, body: { spec: SPEC, jobId } });

  expect([estimate.status, quote.status, submitted.status]).toEqual([200, 201, 201]);
  expect(jobSchema.parse(submitted.body)).toMatchObject({ id: jobId, state: "queued", held: 1000n });
  expect((await campus.request(`/v1/jobs/${jobId}`, { as: STUDENT })).status).toBe(200);
  expect((await campus.request(`/v1/jobs/${jobId}`, { as: OTHER_STUDENT })).problem.code).toBe("JOB_UNKNOWN");
  expect((await campus.request(`/v1/jobs/${jobId}/receipt`, { as: STUDENT })).problem.code).toBe(
    "RECEIPT_UNKNOWN",
  );
});

test("lists go page by page without a gap", async () => {
  for (let i = 0; i < 3; i += 1)
    await campus.request("/v1/jobs", { as: STUDENT, body: { spec: SPEC, ceiling: "1" } });
  const all = (await campus.request("/v1/jobs", { as: STUDENT })).body as {
    items: { id: string }[];
    next: string | null;
  };
  const seen: string[] = [];

  for (let cursor = ""; ;) {
    const page = (await campus.request(`/v1/jobs?limit=2${cursor}`, { as: STUDENT })).body as typeof all;
    seen.push(...page.items.map((job) => job.id));
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }

  expect(seen).toEqual(all.items.map((job) => job.id));
  expect((await campus.request("/v1/jobs?cursor=zzz", { as: STUDENT })).problem.code).toBe("INPUT_INVALID");
});

test.each([
  ["no token", "/v1/me", {}, 401, "TOKEN_MISSING"],
  ["a token that is none", "/v1/me", { headers: { authorization: "Bearer x.y.z" } }, 401, "TOKEN_INVALID"],
  ["a missing role", "/v1/rigs", { as: STUDENT }, 403, "ROLE_MISSING"],
  ["an unknown path", "/v1/nothing", {}, 404, "ROUTE_UNKNOWN"],
  ["a broken id", "/v1/jobs/xyz", { as: STUDENT }, 400, "INPUT_INVALID"],
  ["a body that is no JSON", "/v1/jobs", { as: STUDENT, body: "{" }, 400, "INPUT_INVALID"],
  ["an unknown field", "/v1/jobs", { as: STUDENT, body: { spec: SPEC, price: "1" } }, 400, "INPUT_INVALID"],
  [
    "a fraction of a unit",
    "/v1/jobs",
    { as: STUDENT, body: { spec: SPEC, ceiling: "1.5" } },
    400,
    "INPUT_INVALID",
  ],
  [
    "a NUL in a cell",
    "/v1/jobs",
    { as: STUDENT, body: { spec: { ...SPEC, cells: [{ id: "c", role: "run", source: "a\u0000b" }] } } },
    400,
    "INPUT_INVALID",
  ],
  [
    "an unknown class",
    "/v1/jobs",
    { as: STUDENT, body: { spec: { ...SPEC, class: "tpu" } } },
    422,
    "CLASS_UNKNOWN",
  ],
  [
    "a ceiling above the budget",
    "/v1/jobs",
    { as: STUDENT, body: { spec: SPEC, ceiling: (2_000n * NBAI).toString() } },
    402,
    "JOB_CAP_EXCEEDED",
  ],
  [
    "cells above 8 MiB",
    "/v1/jobs",
    {
      as: STUDENT,
      body: { spec: { ...SPEC, cells: [{ id: "c", role: "run", source: "#".repeat(8 * 1024 * 1024 + 1) }] } },
    },
    413,
    "CELLS_TOO_LARGE",
  ],
  [
    "a body above the limit",
    "/v1/jobs",
    { as: STUDENT, body: { pad: "#".repeat(21 * 1024 * 1024) } },
    413,
    "BODY_TOO_LARGE",
  ],
  [
    "a page of another origin",
    "/v1/campus",
    { headers: { origin: "http://evil.example" } },
    403,
    "ORIGIN_NOT_ALLOWED",
  ],
])("%s is answered with a problem document", async (_what, path, options, status, code) => {
  const answer = await campus.request(path, options);

  expect(answer).toMatchObject({ status, problem: { status, code } });
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(answer.problem.instance).toBe(answer.headers.get("x-request-id"));
});

test("a post that creates needs an idempotency key, and repeats its answer for the same one", async () => {
  const body = { spec: SPEC, ceiling: "7" };
  const without = await campus.request("/v1/jobs", { as: STUDENT, body, headers: { "idempotency-key": "" } });
  const once = () =>
    campus.request("/v1/jobs", { as: STUDENT, body, headers: { "idempotency-key": "same" } });
  const [first, second] = await Promise.all([once(), once()]);
  const other = await campus.request("/v1/jobs", {
    as: STUDENT,
    body: { ...body, ceiling: "8" },
    headers: { "idempotency-key": "same" },
  });

  expect(without.problem.code).toBe("INPUT_INVALID");
  expect(second.body).toEqual(first.body);
  expect(other.problem.code).toBe("IDEMPOTENCY_REUSED");
});

test("a wrong method names the right one", async () => {
  const answer = await campus.request("/v1/me", { method: "POST" });

  expect(answer.status).toBe(405);
  expect(answer.headers.get("allow")).toBe("GET");
});

test("pages of the notebook's origin may call", async () => {
  const answer = await campus.request("/v1/campus", { headers: { origin: NOTEBOOK } });

  expect(answer.headers.get("access-control-allow-origin")).toBe(NOTEBOOK);
});

test("the callback page keeps its opener and every other page does not", async () => {
  const callback = await campus.request("/auth/callback?code=x&state=y");
  const home = await campus.request("/");

  expect(callback.headers.get("cross-origin-opener-policy")).toBeNull();
  expect(home.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(callback.body).toContain(NOTEBOOK);
  expect(callback.headers.get("content-security-policy")).toContain("script-src 'sha256-");
});

test("every route stands in the OpenAPI document, and every reference leads somewhere", async () => {
  const document = (await campus.request("/openapi.json")).body as {
    openapi: string;
    paths: Record<string, unknown>;
    components: { schemas: Record<string, unknown> };
  };
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );

  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toContain("/v1/jobs/{jobId}/transcript");
  expect(references.length).toBeGreaterThan(10);
  expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
});

test("readiness names the part that is away and stays ready without the chain", async () => {
  const answer = await campus.request("/readyz");

  expect(answer).toMatchObject({
    status: 200,
    body: { status: "degraded", parts: { database: "ok", chain: "away", issuer: "ok" } },
  });
});

test("metrics count requests by route and never by the path that was asked", async () => {
  await campus.request("/v1/jobs/job_000000000000000000000000zz", { as: STUDENT });

  const text = (await campus.request("/metrics")).body as string;

  expect(text).toContain('route="/v1/jobs/:jobId"');
  expect(text).not.toContain("job_0000");
});

test("a professor creates an allocation once per key, for members who never signed in", async () => {
  const body = {
    name: "ML 101",
    kind: "course",
    granted: "100",
    members: [{ username: "new", cap: "10", perJobMax: "5" }],
    validUntil: 4_000_000_000,
  };
  const send = () =>
    campus.request("/v1/allocations", { as: PROFESSOR, body, headers: { "idempotency-key": "a1" } });

  const [first, second] = [await send(), await send()];

  expect(first).toMatchObject({
    status: 201,
    body: { state: "approved", members: [{ username: "new", granted: "10", left: "10" }] },
  });
  expect(second.body).toEqual(first.body);
});

test("campus IT makes a code with which a machine may enrol", async () => {
  const answer = await campus.request("/v1/enrolment-codes", { as: OPERATOR, method: "POST" });

  expect(answer).toMatchObject({ status: 201, body: { code: expect.any(String) as string } });
});
