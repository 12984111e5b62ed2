import { randomBytes } from "node:crypto";
import { signOrder } from "@nebula/client";
import type { Client } from "@nebula/client";
import { CELLS_BYTES_MAX, escrowDomain, NebulaError } from "@nebula/protocol";
import type { JobSpec, Quote } from "@nebula/protocol";
import { expect } from "vitest";
import { test } from "./campus.ts";
import type { Campus } from "./campus.ts";
import { expectVerified, aSpec, submit, watchToEnd } from "./jobs.ts";
import { fillSlots } from "./gate.ts";

const SPEC = aSpec("print(1)");

const quoteOf = (client: Client, spec: JobSpec): Promise<Quote> =>
  client.call("createQuote", { body: { spec } });
const countJobs = async ({ database }: Campus): Promise<unknown> =>
  (await database.query("select count(*) from job"))[0];

/** The code of the refusal; `taken` where there was none. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "taken";
  } catch (error) {
    if (error instanceof NebulaError) return error.code;
    throw error;
  }
}

test("an order signed by another key is refused", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { jobId, order } = await quoteOf(ada, SPEC);
  const before = await countJobs(campus);
  const domain = escrowDomain(campus.chain.chainId, campus.chain.escrow);
  const signature = await signOrder(domain, order, `0x${randomBytes(32).toString("hex")}`);

  const code = await codeOf(ada.call("submitJob", { body: { spec: SPEC, jobId, signature } }));

  expect(code).toBe("ORDER_SIGNER_WRONG");
  expect(await countJobs(campus)).toEqual(before);
});

test("an order for another price, or other cells, is refused", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { jobId, ceiling } = await quoteOf(ada, SPEC);

  const dearer = await codeOf(ada.call("submitJob", { body: { spec: SPEC, jobId, ceiling: ceiling + 1n } }));
  const other = await codeOf(ada.call("submitJob", { body: { spec: aSpec("print(2)"), jobId } }));

  expect([dearer, other]).toEqual(["ORDER_TERMS_WRONG", "ORDER_TERMS_WRONG"]);
});

test("the signature of one order does not pay for another", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { job } = await watchToEnd(ada, (await submit(ada, SPEC)).id);
  const { orderSignature } = await expectVerified(campus, ada, { job, spec: SPEC });
  const { jobId } = await quoteOf(ada, SPEC);

  const code = await codeOf(
    ada.call("submitJob", { body: { spec: SPEC, jobId, signature: orderSignature } }),
  );

  expect(code).toBe("ORDER_SIGNER_WRONG");
});

test("an order pays for one job", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { jobId } = await quoteOf(ada, SPEC);
  await ada.call("submitJob", { body: { spec: SPEC, jobId } });

  const code = await codeOf(ada.call("submitJob", { body: { spec: SPEC, jobId } }));

  expect(code).toBe("ORDER_USED");
  await watchToEnd(ada, jobId);
});

test("a quote that has run out is refused", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { jobId } = await quoteOf(ada, SPEC);
  await campus.database.query("update quote set expires_at = $2 where job_id = $1", [jobId, Date.now() - 1]);

  const code = await codeOf(ada.call("submitJob", { body: { spec: SPEC, jobId } }));

  expect(code).toBe("QUOTE_EXPIRED");
});

test("a quote of one student is none of another's", async ({ campus }) => {
  const { jobId } = await quoteOf(await campus.as("ada"), SPEC);
  const tao = await campus.as("tao");

  expect(await codeOf(tao.call("submitJob", { body: { spec: SPEC, jobId } }))).toBe("QUOTE_EXPIRED");
});

test.for([
  ["an unknown image", aSpec("1", { image: "nothing" }), "IMAGE_UNKNOWN"],
  ["an unknown class", aSpec("1", { class: "nothing" }), "CLASS_UNKNOWN"],
  ["more than 8 MiB of cells", aSpec("#".repeat(CELLS_BYTES_MAX + 1)), "CELLS_TOO_LARGE"],
] as const)("%s is refused", async ([, spec, code], { campus }) => {
  const ada = await campus.as("ada");
  const before = await countJobs(campus);

  expect(await codeOf(submit(ada, spec))).toBe(code);
  expect(await codeOf(quoteOf(ada, spec))).toBe(code);
  expect(await countJobs(campus)).toEqual(before);
});

test("8 MiB of cells are taken and run", async ({ campus }) => {
  const ada = await campus.as("ada");
  const source = `print('large')\n#${"x".repeat(CELLS_BYTES_MAX - 16)}`;

  const { job } = await watchToEnd(ada, (await submit(ada, aSpec(source))).id);

  expect(job.failure).toBeNull();
});

test("a ceiling above the limit of one job is refused", async ({ campus }) => {
  const ada = await campus.as("ada");
  const { balance } = await ada.call("getMe");

  const code = await codeOf(submit(ada, SPEC, balance.left));

  expect(code).toBe("JOB_CAP_EXCEEDED");
  expect((await ada.call("getMe")).balance).toEqual(balance);
});

test("the same key gives the same job, however often it is sent at once", async ({ campus }) => {
  const ada = await campus.as("ada");
  const call = { body: { spec: aSpec("print('once')") }, idempotencyKey: crypto.randomUUID() };

  const jobs = await Promise.all(Array.from({ length: 20 }, () => ada.call("submitJob", call)));

  const ids = new Set(jobs.map(({ id }) => id));
  expect(ids.size).toBe(1);
  const [id = ""] = ids;
  expect((await ada.call("submitJob", call)).id).toBe(id);
  expect(await codeOf(ada.call("submitJob", { ...call, body: { spec: SPEC } }))).toBe("IDEMPOTENCY_REUSED");
  await watchToEnd(ada, id);
});

test("of jobs sent at once, a member's cap lets in exactly as many as fit", async ({ campus }) => {
  const tao = await campus.as("tao");
  await using _filled = await fillSlots(campus, await campus.as("ada"));
  const { balance, allocations } = await tao.call("getMe");
  const ceiling = allocations[0]?.members[0]?.perJobMax ?? 0n;
  const fitting = Number(balance.left / ceiling);

  const codes = await Promise.all(
    Array.from({ length: fitting + 3 }, () => codeOf(submit(tao, SPEC, ceiling))),
  );

  const count = (code: string): number => codes.filter((each) => each === code).length;
  expect([count("taken"), count("MEMBER_CAP_EXCEEDED")]).toEqual([fitting, 3]);
  const { items } = await tao.call("listJobs", { query: { state: "queued", limit: 50 } });
  for (const { id } of items) await tao.call("cancelJob", { params: { jobId: id } });
  expect((await tao.call("getMe")).balance).toEqual(balance);
});
