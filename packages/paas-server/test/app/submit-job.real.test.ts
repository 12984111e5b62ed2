import { NBAI } from "@nebula/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memberBalance } from "../../src/app/ledger.ts";
import { quoteJob } from "../../src/app/quote-job.ts";
import { submitJob, type Submission } from "../../src/app/submit-job.ts";
import {
  aConfig,
  aContext,
  type CampusSeed,
  seedCampus,
  type SeededCampus,
  type TestContext,
} from "../context.ts";
import { aSpec } from "./a-spec.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function aCampus(seed: CampusSeed = {}): Promise<{ ctx: TestContext; campus: SeededCampus }> {
  const ctx = aContext(await cluster.openDatabase(), {
    config: aConfig({ limits: { queuedPerAccount: null } }),
  });
  return { ctx, campus: await seedCampus(ctx, seed) };
}

function aSubmission(campus: SeededCampus, overrides: Partial<Submission> = {}): Submission {
  return { account: campus.student, spec: aSpec(), key: null, wire: null, ...overrides };
}

test("a submitted job is queued and its ceiling is held", async () => {
  const { ctx, campus } = await aCampus();

  const job = await submitJob(ctx, aSubmission(campus, { ceiling: 5n * NBAI }));

  expect(job).toMatchObject({
    state: "queued",
    held: (5n * NBAI).toString(),
    price: "0",
    cellIds: ["c1"],
    queue: { ahead: 0 },
  });
  const balance = await memberBalance(ctx.db, {
    allocationId: campus.allocationId,
    accountId: campus.student.id,
  });
  expect(balance).toEqual({ held: 5n * NBAI, spent: 0n, free: 995n * NBAI });
  expect(ctx.hints.given).toContainEqual({ kind: "queue" });
});

test("the vault's signature is the spender's, over the order in the job", async () => {
  const { ctx, campus } = await aCampus();

  const job = await submitJob(ctx, aSubmission(campus));

  const [row] = await ctx.db.query<{ order_digest: string; order_signature: string }>(
    "select order_digest, order_signature from job where id = $1",
    [job.id],
  );
  expect(ctx.signatures.recover(row!.order_digest, row!.order_signature)).toBe(campus.student.address);
});

test("the same key submits once and gives the same job", async () => {
  const { ctx, campus } = await aCampus();
  const submission = aSubmission(campus, { key: "k1", wire: { a: 1 } });

  const jobs = await Promise.all([
    submitJob(ctx, submission),
    submitJob(ctx, submission),
    submitJob(ctx, submission),
  ]);

  expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
  await expect(submitJob(ctx, { ...submission, wire: { a: 2 } })).rejects.toMatchObject({
    code: "IDEMPOTENCY_REUSED",
  });
});

test("200 submissions at once against a cap for 50 admit exactly 50", async () => {
  const { ctx, campus } = await aCampus({ cap: 50n * NBAI });

  const results = await Promise.allSettled(
    Array.from({ length: 200 }, () => submitJob(ctx, aSubmission(campus, { ceiling: NBAI }))),
  );

  const refused = results
    .filter((result) => result.status === "rejected")
    .map((result) => result.reason as { code: string });
  expect(results.length - refused.length).toBe(50);
  expect(new Set(refused.map((error) => error.code))).toEqual(new Set(["MEMBER_CAP_EXCEEDED"]));
});

test.each([
  ["JOB_CAP_EXCEEDED", { perJobMax: NBAI }],
  ["MEMBER_CAP_EXCEEDED", { cap: NBAI }],
  ["ALLOCATION_EXHAUSTED", { granted: NBAI, cap: 10n * NBAI, perJobMax: 10n * NBAI }],
])("a ceiling above what is left is refused with %s and leaves nothing behind", async (code, seed) => {
  const { ctx, campus } = await aCampus(seed);

  await expect(submitJob(ctx, aSubmission(campus, { ceiling: 2n * NBAI }))).rejects.toMatchObject({ code });

  expect(await ctx.db.query("select id from job")).toEqual([]);
  expect(await ctx.db.query("select job_id from quote")).toEqual([]);
});

test("a quote is used once, with the spec and the ceiling that were quoted, before it expires", async () => {
  const { ctx, campus } = await aCampus();
  const quote = await quoteJob(ctx, {
    account: campus.student,
    spec: aSpec(),
    ceiling: NBAI,
    key: null,
    wire: null,
  });
  const from = (overrides: Partial<Submission>) =>
    submitJob(ctx, aSubmission(campus, { jobId: quote.jobId, ...overrides }));

  await expect(from({ spec: aSpec({ title: "other" }) })).rejects.toMatchObject({
    code: "ORDER_TERMS_WRONG",
  });
  await expect(from({ ceiling: 2n * NBAI })).rejects.toMatchObject({ code: "ORDER_TERMS_WRONG" });
  await expect(
    from({ signature: ctx.vault.sign(sealedOther(ctx), quote.orderDigest) }),
  ).rejects.toMatchObject({ code: "ORDER_SIGNER_WRONG" });
  expect((await from({ ceiling: NBAI })).id).toBe(quote.jobId);
  await expect(from({})).rejects.toMatchObject({ code: "ORDER_USED" });

  const late = await quoteJob(ctx, { account: campus.student, spec: aSpec(), key: null, wire: null });
  ctx.clock.advance(600_001);
  await expect(from({ jobId: late.jobId })).rejects.toMatchObject({ code: "QUOTE_EXPIRED" });
});

function sealedOther(ctx: TestContext) {
  return ctx.vault.createKey();
}

test("an unknown class or image is named with those that exist", async () => {
  const { ctx, campus } = await aCampus();

  await expect(submitJob(ctx, aSubmission(campus, { spec: aSpec({ class: "tpu" }) }))).rejects.toMatchObject({
    code: "CLASS_UNKNOWN",
    message: expect.stringContaining("cpu, gpu") as string,
  });
  await expect(submitJob(ctx, aSubmission(campus, { spec: aSpec({ image: "x" }) }))).rejects.toMatchObject({
    code: "IMAGE_UNKNOWN",
  });
});

test("an allocation that is not active pays nothing", async () => {
  const { ctx, campus } = await aCampus();
  await ctx.db.query("update allocation set state = 'approved'");

  await expect(submitJob(ctx, aSubmission(campus))).rejects.toMatchObject({ code: "ALLOCATION_NOT_ACTIVE" });
});
