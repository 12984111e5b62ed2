import { expect, it } from "vitest";
import { aModel, type CellSketch } from "../a-notebook.ts";
import { captureCells } from "../../src/cell/capture.ts";

const CHOICE = { image: "coursework", rigClass: "cpu", timeLimitMs: 600_000, title: "lesson.ipynb" };
const SETUP = { tags: ["nebula-setup"] };

function capture(
  sketches: readonly CellSketch[],
  selected: readonly string[],
  activeId: string | null = null,
) {
  const cells = [...aModel(sketches).cells];
  return captureCells({ cells, selected: new Set(selected), activeId }, CHOICE);
}

it("takes the set-up cells above, then the selected ones, in the notebook's order", () => {
  const captured = capture(
    [
      { id: "s1", source: "import numpy", metadata: SETUP },
      { id: "a", source: "1" },
      { id: "s2", source: "seed = 1", metadata: SETUP },
      { id: "b", source: "2" },
      { id: "c", source: "3" },
    ],
    ["c", "b"],
  );

  expect(captured?.spec.cells.map(({ id, role }) => `${role} ${id}`)).toEqual([
    "setup s1",
    "setup s2",
    "run b",
    "run c",
  ]);
});

it("leaves set-up cells below the selection out", () => {
  const captured = capture(
    [
      { id: "a", source: "1" },
      { id: "s", source: "x = 1", metadata: SETUP },
    ],
    ["a"],
  );

  expect(captured?.spec.cells.map((cell) => cell.id)).toEqual(["a"]);
});

it("runs a selected set-up cell as a pressed one", () => {
  const captured = capture([{ id: "s", source: "x = 1", metadata: SETUP }], ["s"]);

  expect(captured?.spec.cells).toEqual([{ id: "s", source: "x = 1", role: "run", tags: ["nebula-setup"] }]);
});

it("leaves text and empty cells out", () => {
  const captured = capture(
    [
      { id: "text", source: "# Title", type: "markdown" },
      { id: "raw", source: "raw", type: "raw" },
      { id: "empty", source: " \n" },
      { id: "code", source: "1" },
    ],
    ["text", "raw", "empty", "code"],
  );

  expect(captured?.spec.cells.map((cell) => cell.id)).toEqual(["code"]);
});

it.each([
  ["nothing is selected", []],
  ["only text is selected", ["text"]],
])("captures nothing where %s", (_, selected) => {
  const cells: CellSketch[] = [
    { id: "text", source: "# T", type: "markdown" },
    { id: "code", source: "1" },
  ];

  expect(capture(cells, selected)).toBeNull();
});

it("puts the strip under the active cell when it is among the pressed ones, else under the last", () => {
  const cells: CellSketch[] = [
    { id: "a", source: "1" },
    { id: "b", source: "2" },
    { id: "t", type: "markdown" },
  ];

  expect(capture(cells, ["a", "b"], "a")?.anchorId).toBe("a");
  expect(capture(cells, ["a", "b", "t"], "t")?.anchorId).toBe("b");
});

it("keeps the source as it was when it was pressed", () => {
  const model = aModel([{ id: "a", source: "before" }]);
  const cells = [...model.cells];
  const captured = captureCells({ cells, selected: new Set(["a"]), activeId: "a" }, CHOICE);

  cells[0]?.sharedModel.setSource("after");

  expect(captured?.spec.cells[0]?.source).toBe("before");
});

it("takes only tags that are texts", () => {
  const metadata = { tags: ["raises-exception", 7, null, "x".repeat(65)] };

  expect(capture([{ id: "a", source: "1", metadata }], ["a"])?.spec.cells[0]?.tags).toEqual([
    "raises-exception",
  ]);
});
