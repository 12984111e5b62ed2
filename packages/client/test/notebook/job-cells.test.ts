import { describe, expect, it } from "vitest";
import { jobCells, readNotebook, type NotebookCell } from "../../src/index.ts";

const aCell = (id: string, over: Partial<NotebookCell> = {}): NotebookCell => ({
  id,
  type: "code",
  source: `print("${id}")`,
  tags: [],
  ...over,
});

const notebook: NotebookCell[] = [
  aCell("title", { type: "markdown" }),
  aCell("imports", { tags: ["nebula-setup"] }),
  aCell("data"),
  aCell("train"),
  aCell("blank", { source: " \n" }),
  aCell("late-setup", { tags: ["nebula-setup"] }),
];

describe("the cells of a job", () => {
  it.each([
    [["train"], ["imports:setup", "train:run"]],
    [
      ["train", "data"],
      ["imports:setup", "data:run", "train:run"],
    ],
    [["imports"], ["imports:run"]],
    [
      ["imports", "train"],
      ["imports:run", "train:run"],
    ],
    [["late-setup"], ["imports:setup", "late-setup:run"]],
    [notebook.map(({ id }) => id), ["imports:run", "data:run", "train:run", "late-setup:run"]],
  ])("for %j are %j", (selected, expected) => {
    expect(jobCells(notebook, new Set(selected)).map(({ id, role }) => `${id}:${role}`)).toEqual(expected);
  });

  it.each([[[]], [["title"]], [["blank"]], [["unknown"]]])("are none for %j", (selected) => {
    expect(jobCells(notebook, new Set(selected))).toEqual([]);
  });
});

describe("a notebook file", () => {
  it("gives its cells with text joined and tags kept", () => {
    const file = {
      nbformat: 4,
      cells: [
        { id: "a", cell_type: "code", source: ["x = 1\n", "x"], metadata: { tags: ["t", 7] } },
        { cell_type: "markdown", source: "hi" },
      ],
    };

    expect(readNotebook(JSON.stringify(file))).toEqual([
      { id: "a", type: "code", source: "x = 1\nx", tags: ["t"] },
      { id: "cell-2", type: "markdown", source: "hi", tags: [] },
    ]);
  });

  it.each([
    "",
    "{",
    "[]",
    "null",
    '{"nbformat":3,"cells":[]}',
    '{"nbformat":4}',
    '{"nbformat":4,"cells":[1]}',
  ])("is not %j", (text) => {
    expect(() => readNotebook(text)).toThrow(/Expected/);
  });
});
