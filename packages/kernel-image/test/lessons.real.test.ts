import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureImage } from "../src/index.ts";
import { errorsOf, resultOf, type Run, runContainer, textOf, whyNoContainers } from "./run-container.ts";

const COURSES = join(import.meta.dirname, "..", "..", "..", "courses");
const missing = whyNoContainers();
if (missing !== undefined) process.stderr.write(`skipped, lessons in a container: ${missing}\n`);

interface NotebookCell {
  readonly cell_type: string;
  readonly id: string;
  readonly source: readonly string[];
  readonly metadata: { readonly tags?: string[] };
}

function codeOf(lesson: string): NotebookCell[] {
  const notebook = JSON.parse(readFileSync(join(COURSES, lesson, `${lesson}.ipynb`), "utf8")) as {
    cells: NotebookCell[];
  };
  return notebook.cells.filter((cell) => cell.cell_type === "code");
}

describe.skipIf(missing !== undefined)("lessons in the coursework image", () => {
  let tag = "";

  beforeAll(async () => {
    tag = (await ensureImage("coursework")).tag;
  }, 600_000);

  async function runLesson(lesson: string): Promise<Run> {
    const cells = codeOf(lesson).map(({ id, source, metadata }) => ({
      ...{ id, source: source.join(""), tags: metadata.tags ?? [], role: "run" as const },
    }));
    return runContainer(tag, cells, { timeLimitMs: 110_000 });
  }

  it("00-orientation runs to its end and leaves a table", async () => {
    const run = await runLesson("00-orientation");

    expect(resultOf(run)).toMatchObject({ outcome: "ok", artefacts: [{ path: "wave.csv" }] });
    expect(errorsOf(run)).toEqual(["IndexError: list index out of range"]);
  });

  it("01-cnn learns within two minutes on one core", async () => {
    const run = await runLesson("01-cnn");

    expect(errorsOf(run)).toEqual([]);
    expect(textOf(run)).toMatch(/Passed\.\n$/);
    expect(textOf(run, "stderr")).toBe("");
    expect(resultOf(run).outcome).toBe("ok");
    expect(resultOf(run).artefacts.map(({ path }) => path)).toEqual(["metrics.json", "network.keras"]);
    expect(resultOf(run).usedMs).toBeLessThan(120_000);
    const progress = run.frames.flatMap((frame) => (frame.t === "progress" ? [frame.fraction] : []));
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });
});
