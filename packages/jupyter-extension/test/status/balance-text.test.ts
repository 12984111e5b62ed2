import { nullTranslator } from "@jupyterlab/translation";
import { expect, it } from "vitest";
import { ME } from "../a-campus.ts";
import { balanceCaption, balanceText } from "../../src/status/balance-text.ts";

const trans = nullTranslator.load("nebula");
const SIGNED_IN = { state: "signed-in", serverUrl: "https://campus.test", me: ME } as const;

it("shows what is left and held, and who is signed in", () => {
  expect(balanceText(SIGNED_IN, trans)).toBe("9.48 NBAI left · 0.02 held · ada");
  expect(balanceCaption(SIGNED_IN, trans)).toMatchInlineSnapshot(`
    "Signed in as Ada Lovelace (ada)
    left 9.48, held 0.02, spent 0.5 of 10 NBAI
    Your signing key is managed by the campus."
  `);
});

it.each([
  ["signed-out", "Sign in to Nebula"],
  ["signing-in", "Signing in…"],
  ["connecting", "Campus…"],
  ["away", "Campus away"],
] as const)("when %s reads %s", (state, text) => {
  expect(balanceText({ state, serverUrl: "https://campus.test", me: null }, trans)).toBe(text);
});

it("says that a campus that is away does not stop local work", () => {
  const caption = balanceCaption({ state: "away", serverUrl: "https://campus.test", me: null }, trans);

  expect(caption).toBe("The campus at https://campus.test does not answer. Local work is not affected.");
});
