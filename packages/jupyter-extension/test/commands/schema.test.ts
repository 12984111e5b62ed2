import { expect, it } from "vitest";
import { COMMANDS } from "../../src/commands/ids.ts";
import schema from "../../schema/plugin.json" with { type: "json" };

const menus = schema["jupyter.lab.menus"];
const named = [
  ...menus.main.flatMap((menu) => menu.items),
  ...menus.context,
  ...schema["jupyter.lab.shortcuts"],
].flatMap((item) => ("command" in item && typeof item.command === "string" ? [item.command] : []));

it("names only commands that exist", () => {
  expect(named.filter((command) => !Object.values(COMMANDS).includes(command as never))).toEqual([]);
});

it("offers Run on GPU in the Run menu, the context menu and by a shortcut", () => {
  expect(named.filter((command) => command === COMMANDS.runCells)).toHaveLength(4);
});

it("puts the button with the price into both toolbars", () => {
  const toolbars = schema["jupyter.lab.toolbars"];

  expect([toolbars.Cell, toolbars.Notebook].flat().map((item) => item.name)).toEqual([
    "nebula-run-cells",
    "nebula-run-cells",
  ]);
});
