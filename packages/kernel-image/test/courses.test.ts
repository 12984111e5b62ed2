import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface Cell {
  readonly cell_type: string;
  readonly id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly source: readonly string[];
}
interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: unknown;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

const COURSES = join(import.meta.dirname, "..", "..", "..", "courses");
const TAGS = [undefined, ["nebula-setup"], ["raises-exception"]];
const METADATA = {
  kernelspec: { display_name: "Python 3 (ipykernel)", language: "python", name: "python3" },
  language_info: { name: "python" },
};

const lessons = readdirSync(COURSES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const read = (lesson: string, name: string) => readFileSync(join(COURSES, lesson, name), "utf8");
const notebookOf = (lesson: string) => JSON.parse(read(lesson, `${lesson}.ipynb`)) as Notebook;

describe.each(lessons)("the lesson %s", (lesson) => {
  const notebook = notebookOf(lesson);
  const code = notebook.cells.filter((cell) => cell.cell_type === "code");

  it("is of format 4.5 and bound to no machine", () => {
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5]);
    expect(notebook.metadata).toEqual(METADATA);
  });

  it("has no outputs and no execution counts", () => {
    for (const cell of code) expect(cell).toMatchObject({ outputs: [], execution_count: null });
  });

  it("has cells with readable ids of their own and known tags", () => {
    const ids = notebook.cells.map(({ id }) => id);

    expect(ids.filter((id) => !/^[a-z][a-z0-9-]{2,63}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const cell of notebook.cells) expect(TAGS).toContainEqual(cell.metadata["tags"]);
  });

  it("explains before it computes", () => {
    expect(notebook.cells[0]?.source[0]).toMatch(/^# /);
    expect(code.length).toBeGreaterThan(0);
    expect(read(lesson, "README.md")).toContain(`\`${lesson}.ipynb\``);
  });
});

it("there are lessons", () => {
  expect(lessons).toEqual(["00-orientation", "01-cnn"]);
});
