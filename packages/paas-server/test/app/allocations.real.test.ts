import { NBAI, NBAI_MAX, type NewAllocation } from "@nebula/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAllocation } from "../../src/app/create-allocation.ts";
import { ensureAccount } from "../../src/app/ensure-account.ts";
import { listAllocations } from "../../src/app/list-allocations.ts";
import type { Principal } from "../../src/app/ports.ts";
import { quoteJob } from "../../src/app/quote-job.ts";
import { sweepStale } from "../../src/app/sweep-stale.ts";
import { aContext, seedCampus } from "../context.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";
import { aSpec } from "./a-spec.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const DAY_MS = 86_400_000;
const aPrincipal = (username: string, subject = `sub-${username}`): Principal => ({
  subject,
  username,
  name: username,
  roles: [],
  permissions: [],
  sessionId: null,
  expiresAtMs: 0,
});

function anAllocation(overrides: Partial<NewAllocation> = {}): NewAllocation {
  const members = [{ username: "ada", cap: NBAI, perJobMax: NBAI }];
  return { name: "ML", kind: "course", granted: NBAI, members, validUntil: 4_000_000_000, ...overrides };
}

test.each([
  ["an end in the past", { validUntil: 1 }],
  ["an end that the contract cannot hold", { validUntil: 2 ** 41 }],
  ["nothing granted", { granted: 0n }],
  ["more than the contract can hold", { granted: NBAI_MAX + 1n }],
  [
    "a member who stands there twice",
    { members: [1, 2].map((n) => ({ username: n === 1 ? "Ada " : "ada", cap: 1n, perJobMax: 1n })) },
  ],
] satisfies [string, Partial<NewAllocation>][])(
  "an allocation with %s is refused",
  async (_what, overrides) => {
    const ctx = aContext(await cluster.openDatabase());

    await expect(
      createAllocation(ctx, { callerId: "x", allocation: anAllocation(overrides), key: null, wire: null }),
    ).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
  },
);

test("a member sees the whole and his own row, the owner every row", async () => {
  const ctx = aContext(await cluster.openDatabase());
  const [owner, ada] = [
    await ensureAccount(ctx, aPrincipal("prof")),
    await ensureAccount(ctx, aPrincipal("ada")),
  ];
  const members = ["ada", "tao"].map((username) => ({ username, cap: 5n, perJobMax: 5n }));

  await createAllocation(ctx, {
    callerId: owner.id,
    allocation: anAllocation({ members }),
    key: null,
    wire: null,
  });

  const usernames = async (accountId: string) =>
    (await listAllocations(ctx.db, accountId)).flatMap((one) => one.members.map((member) => member.username));
  expect(await usernames(owner.id)).toEqual(["ada", "tao"]);
  expect(await usernames(ada.id)).toEqual(["ada"]);
});

test("a username of the roster is linked to whoever signs in first, and to nobody after", async () => {
  const ctx = aContext(await cluster.openDatabase());
  const { student } = await seedCampus(ctx);

  const first = await Promise.all([
    ensureAccount(ctx, aPrincipal("ada")),
    ensureAccount(ctx, aPrincipal("ada")),
  ]);

  expect(first.map((account) => account.id)).toEqual([student.id, student.id]);
  await expect(ensureAccount(ctx, aPrincipal("ada", "sub-another"))).rejects.toMatchObject({
    code: "STATE_STALE",
  });
});

test("what nobody asks for any more is swept, and what somebody may is kept", async () => {
  const ctx = aContext(await cluster.openDatabase());
  const { student } = await seedCampus(ctx);
  const quote = (key: string) => quoteJob(ctx, { account: student, spec: aSpec(), key, wire: null });
  await quote("old");
  ctx.clock.advance(3 * DAY_MS);
  await quote("new");

  await sweepStale(ctx);

  expect(await ctx.db.query("select key from idempotency")).toEqual([{ key: "new" }]);
  expect(await ctx.db.query("select job_id from quote")).toHaveLength(1);
});
