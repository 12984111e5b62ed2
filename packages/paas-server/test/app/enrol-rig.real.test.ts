import { afterAll, beforeAll, expect, test } from "vitest";
import type { Enrolment } from "@nebula/protocol";
import { createEnrolmentCode } from "../../src/app/create-enrolment-code.ts";
import { enrolRig } from "../../src/app/enrol-rig.ts";
import { listRigs } from "../../src/app/list-rigs.ts";
import { aContext, seedCampus, type TestContext } from "../context.ts";
import { INVENTORY, newRigKeys, signText, type RigKeys } from "../fakes/rig.ts";
import { startPostgres, type TestCluster } from "../postgres.ts";

let cluster: TestCluster;
let ctx: TestContext;
let adminId: string;
beforeAll(async () => {
  cluster = await startPostgres();
  ctx = aContext(await cluster.openDatabase());
  adminId = (await seedCampus(ctx)).professor.id;
});
afterAll(() => cluster[Symbol.asyncDispose]());

function anEnrolment(code: string, keys: RigKeys = newRigKeys()): Enrolment {
  const proof = signText(keys, `nebula-enrol:${code}:${keys.wireKey}`);
  return {
    code,
    name: "pc1",
    wireKey: keys.wireKey,
    receiptAddress: keys.receiptAddress,
    payoutAddress: keys.receiptAddress,
    proof,
    inventory: INVENTORY,
  };
}

test("a machine enrols with a code and is to be registered on the chain", async () => {
  const { code } = await createEnrolmentCode(ctx, adminId);

  const rig = await enrolRig(ctx, anEnrolment(code));

  expect(rig).toMatchObject({ name: "pc1", state: "enrolled", slots: 0, earned: "0" });
  expect(await listRigs(ctx)).toContainEqual(rig);
  expect(
    await ctx.db.query("select key from outbox where topic = 'register-rig' and key = $1", [rig.id]),
  ).toHaveLength(1);
});

test("the same machine with the same code is the same rig; another is refused", async () => {
  const { code } = await createEnrolmentCode(ctx, adminId);
  const enrolment = anEnrolment(code);

  const [first, second] = await Promise.all([enrolRig(ctx, enrolment), enrolRig(ctx, enrolment)]);

  expect(second.id).toBe(first.id);
  await expect(enrolRig(ctx, anEnrolment(code))).rejects.toMatchObject({ code: "ENROL_CODE_INVALID" });
});

test("a code older than 30 minutes is refused, and so is an unknown one", async () => {
  const { code, expiresAtMs } = await createEnrolmentCode(ctx, adminId);
  ctx.clock.advance(30 * 60_000);

  expect(expiresAtMs).toBe(ctx.clock.now());
  await expect(enrolRig(ctx, anEnrolment(code))).rejects.toMatchObject({ code: "ENROL_CODE_INVALID" });
  await expect(enrolRig(ctx, anEnrolment("unknown-code"))).rejects.toMatchObject({
    code: "ENROL_CODE_INVALID",
  });
});

test("a machine that does not hold the receipt key is refused and the code stays good", async () => {
  const { code } = await createEnrolmentCode(ctx, adminId);
  const enrolment = anEnrolment(code);
  const stolen = { ...enrolment, receiptAddress: newRigKeys().receiptAddress };

  await expect(enrolRig(ctx, stolen)).rejects.toMatchObject({ code: "RIG_AUTH_INVALID" });
  await expect(enrolRig(ctx, { ...enrolment, wireKey: "AAAA" })).rejects.toMatchObject({
    code: "INPUT_INVALID",
  });
  await expect(enrolRig(ctx, enrolment)).resolves.toMatchObject({ state: "enrolled" });
});

test("keys that are enrolled cannot be enrolled again under another code", async () => {
  const [first, second] = [await createEnrolmentCode(ctx, adminId), await createEnrolmentCode(ctx, adminId)];
  const keys = newRigKeys();
  await enrolRig(ctx, anEnrolment(first.code, keys));

  await expect(enrolRig(ctx, anEnrolment(second.code, keys))).rejects.toMatchObject({ code: "STATE_STALE" });
});

test("the database holds no code that would let anybody enrol", async () => {
  const { code } = await createEnrolmentCode(ctx, adminId);

  const rows = await ctx.db.query<{ code_hash: string }>("select code_hash from enrolment_code");

  expect(rows.some((row) => row.code_hash.includes(code))).toBe(false);
});
