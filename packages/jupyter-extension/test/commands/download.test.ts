import { expect, it } from "vitest";
import { downloadName } from "../../src/commands/download.ts";

it.each([
  ["model.keras", "model.keras"],
  ["figures/loss.png", "figures-loss.png"],
])("saves the artefact %s as %s", (path, name) => {
  expect(downloadName(path)).toBe(name);
});
