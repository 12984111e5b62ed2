import { beforeEach, expect, it, vi } from "vitest";
import type { JobSpec } from "@nebula/protocol";
import { aSignedInSession, FakeCampus } from "../a-campus.ts";
import { aSpec } from "../a-job.ts";
import { PriceModel } from "../../src/price/price-model.ts";

const SETTLE_MS = 1_000;

async function aPrice(first: JobSpec | null = aSpec([{ id: "c1", source: "1" }])) {
  const campus = new FakeCampus();
  const wanted = { spec: first, now: 0 };
  campus.answers["estimate"] = (input) => ({ class: "cpu", spec: input.body });
  const session = await aSignedInSession(campus);
  const price = new PriceModel(
    session,
    () => wanted.spec,
    () => wanted.now,
  );
  const asked = () => campus.calls.filter((call) => call.name === "estimate").length;
  const ask = async () => {
    price.ask();
    await vi.advanceTimersByTimeAsync(SETTLE_MS);
  };
  return { campus, session, price, wanted, asked, ask };
}

beforeEach(() => {
  vi.useFakeTimers();
});

it("asks once when the cell is left alone, not at every key", async () => {
  const { price, asked, ask } = await aPrice();
  for (let key = 0; key < 20; key += 1) price.ask();

  await ask();

  expect(asked()).toBe(1);
  expect(price.facts.estimate).not.toBeNull();
});

it("remembers the price of the same cells for a while", async () => {
  const { wanted, asked, ask } = await aPrice();
  await ask();
  await ask();
  const soon = asked();

  wanted.now = 61_000;
  await ask();

  expect([soon, asked()]).toEqual([1, 2]);
});

it("asks again when the cells are others", async () => {
  const { wanted, asked, ask } = await aPrice();
  await ask();

  wanted.spec = aSpec([{ id: "c1", source: "2" }]);
  await ask();

  expect(asked()).toBe(2);
});

it("shows no price where a press would run nothing, or nobody is signed in", async () => {
  const { price, session, wanted, ask } = await aPrice();
  await ask();
  await session.signOut();
  const signedOut = price.facts.estimate;

  wanted.spec = null;
  await session.signIn();
  await ask();

  expect([signedOut, price.facts.estimate]).toEqual([null, null]);
});

it("shows why the campus gave no price", async () => {
  const { campus, price, ask } = await aPrice();
  campus.answers["estimate"] = () => Promise.reject(new Error("boom"));

  await ask();

  expect(price.facts).toMatchObject({ estimate: null, error: { code: "SERVER_AWAY" } });
});
