import { expect, it } from "vitest";
import { OFFERINGS } from "../a-campus.ts";
import { choiceOf, DEFAULT_PREFERENCES, preferencesOf } from "../../src/session/choice.ts";
import schema from "../../schema/plugin.json" with { type: "json" };

it("has the defaults that the settings schema declares", () => {
  const { serverUrl, rigClass, image, timeLimitMinutes } = schema.properties;

  expect(DEFAULT_PREFERENCES).toEqual({
    serverUrl: serverUrl.default,
    rigClass: rigClass.default,
    image: image.default,
    timeLimitMinutes: timeLimitMinutes.default,
  });
});

it.each([
  ["nothing", {}, DEFAULT_PREFERENCES],
  ["values of another type", { serverUrl: 7, timeLimitMinutes: "x" }, DEFAULT_PREFERENCES],
  [
    "a slash at the end",
    { serverUrl: "https://campus.test//" },
    { ...DEFAULT_PREFERENCES, serverUrl: "https://campus.test" },
  ],
])("reads settings with %s", (_, settings, preferences) => {
  expect(preferencesOf(settings)).toEqual(preferences);
});

it("takes what the campus offers where the settings are empty", () => {
  expect(choiceOf(DEFAULT_PREFERENCES, OFFERINGS)).toEqual({
    rigClass: "cpu",
    image: "coursework",
    timeLimitMs: 600_000,
  });
  expect(choiceOf({ ...DEFAULT_PREFERENCES, rigClass: "gtx" }, OFFERINGS)?.rigClass).toBe("gtx");
  expect(choiceOf(DEFAULT_PREFERENCES, null)).toBeNull();
});
