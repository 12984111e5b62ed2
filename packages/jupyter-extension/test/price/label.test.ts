import { nullTranslator } from "@jupyterlab/translation";
import type { Estimate, Offerings } from "@nebula/protocol";
import { NotAllowed } from "@nebula/protocol";
import { expect, it } from "vitest";
import { OFFERINGS } from "../a-campus.ts";
import { runCaption, runLabel, shortRunLabel, type PriceFacts } from "../../src/price/label.ts";

const trans = nullTranslator.load("nebula");
const ESTIMATE: Estimate = {
  class: "cpu",
  unitPrice: 1n,
  speedMilli: 20,
  rateVersion: 1,
  expected: { lowMs: 1, highMs: 2, basis: "class-default", samples: 0 },
  priceLow: 800_000_000_000_000_000n,
  priceHigh: 1_400_000_000_000_000_000n,
  ceiling: 2_000_000_000_000_000_000n,
  startsInMs: 120_000,
  queueAhead: 1,
  rigsOnline: 1,
  obstacle: null,
};
const WITH_GPU: Offerings = {
  ...OFFERINGS,
  classes: OFFERINGS.classes.map((row) => ({ ...row, gpu: "GTX 1080 Ti" })),
};

function facts(fields: Partial<PriceFacts> = {}): PriceFacts {
  return {
    state: "signed-in",
    serverUrl: "https://campus.test",
    estimate: null,
    error: null,
    offerings: WITH_GPU,
    ...fields,
  };
}

it.each([
  ["signed in with a price", { estimate: ESTIMATE }, "Run on GPU · ≈ 0.8–1.4 NBAI"],
  [
    "on a class without a GPU",
    { estimate: ESTIMATE, offerings: OFFERINGS },
    "Run on GPU · cpu · ≈ 0.8–1.4 NBAI",
  ],
  ["with one price", { estimate: { ...ESTIMATE, priceLow: ESTIMATE.priceHigh } }, "Run on GPU · ≈ 1.4 NBAI"],
  ["with an upper end only", { estimate: { ...ESTIMATE, priceLow: 0n } }, "Run on GPU · ≤ 1.4 NBAI"],
  ["signed out", { state: "signed-out" }, "Run on GPU · sign in to see the price"],
  ["away", { state: "away" }, "Run on GPU · campus away"],
  ["before the price is known", {}, "Run on GPU"],
] as const)("is labelled when %s", (_, fields, label) => {
  expect(runLabel(facts(fields), trans)).toBe(label);
});

it("shows the upper end of the price in the toolbar of a cell", () => {
  expect(shortRunLabel(facts({ estimate: ESTIMATE }), trans)).toBe("Run on GPU · ≈ 1.4 NBAI");
  expect(shortRunLabel(facts({ estimate: { ...ESTIMATE, priceLow: 0n } }), trans)).toBe(
    "Run on GPU · ≤ 1.4 NBAI",
  );
  expect(shortRunLabel(facts(), trans)).toBe("Run on GPU");
});

it("says in its tooltip what a press costs at most and when it starts", () => {
  expect(runCaption(facts({ estimate: ESTIMATE, offerings: OFFERINGS }), trans)).toMatchInlineSnapshot(`
    "≈ 0.8–1.4 NBAI, from the rate of class cpu; at most 2 NBAI.
    Starts in about 2:00.
    Class cpu has no GPU.
    Runs the selected cells as one job in a fresh kernel; variables are not kept between presses."
  `);
});

it("says in its tooltip what stands in the way", () => {
  const obstacle = {
    code: "MEMBER_CAP_EXCEEDED",
    message: "0.1 NBAI are left.",
    who: "budget",
    remedy: "Ask for more.",
  };
  const caption = runCaption(facts({ estimate: { ...ESTIMATE, startsInMs: null, obstacle } }), trans);

  expect(caption).toContain("No rig of class cpu is connected now.");
  expect(caption).toContain("0.1 NBAI are left. Whoever holds the budget can act. Ask for more.");
});

it("says in its tooltip why there is no price", () => {
  const error = new NotAllowed("ROLE_MISSING", "The role job.submit is missing.");

  expect(runCaption(facts({ error }), trans)).toContain("The role job.submit is missing.");
  expect(runCaption(facts({ state: "away" }), trans)).toContain(
    "The campus at https://campus.test does not answer.",
  );
  expect(runCaption(facts({ state: "signed-out" }), trans)).toContain(
    "nothing runs before you have seen the price",
  );
});
