import { expect, it } from "vitest";
import { aNotebook } from "../a-notebook.ts";
import { aFinishedJob, aJob, aSpec, JOB_ID } from "../a-job.ts";
import { codeHashOf, newRecords, readRecord, withJob, writeRecord } from "../../src/cell/record.ts";

const SPEC = aSpec([
  { id: "s", source: "import numpy", role: "setup" },
  { id: "c1", source: "print(1)" },
]);

function aRecord() {
  const record = newRecords(aJob(), SPEC, "c1").get("c1");
  if (!record) throw new Error("The specification has no cell c1");
  return record;
}

it("gives every cell of a job its record, and one of them the strip", () => {
  const records = [...newRecords(aJob(), SPEC, "c1").values()];

  expect(records.map(({ cell, role, isAnchor }) => ({ cell, role, isAnchor }))).toEqual([
    { cell: "s", role: "setup", isAnchor: false },
    { cell: "c1", role: "run", isAnchor: true },
  ]);
  expect(records[1]).toMatchObject({
    jobId: JOB_ID,
    codeHash: codeHashOf("print(1)"),
    rigClass: "cpu",
    state: "queued",
  });
});

it("keeps amounts to the last unit, as texts", () => {
  const record = withJob(aRecord(), aFinishedJob({ price: 123_456_789_012_345_678_901n }));

  expect(record).toMatchObject({
    price: "123456789012345678901",
    ceiling: "20000000000000000",
    usedMs: 12_000,
  });
});

it("comes back from a saved notebook as it was written", () => {
  const { cells, model } = aNotebook([{ id: "c1", source: "print(1)" }]);
  const record = withJob(aRecord(), aFinishedJob());

  writeRecord(cells.byId("c1")!.model, record);

  expect(readRecord(model.cells.get(0))).toEqual(record);
  expect(JSON.stringify(model.toJSON())).toContain(JOB_ID);
});

it("does not touch the notebook when it would write the same again", () => {
  const { cells, model } = aNotebook([{ id: "c1" }]);
  const { model: cell } = cells.byId("c1")!;
  writeRecord(cell, aRecord());
  model.dirty = false;

  writeRecord(cell, aRecord());

  expect(model.dirty).toBe(false);
});

it.each([
  ["no record", undefined],
  ["something else", "job_1"],
  ["a strange job id", { ...aRecord(), jobId: "../../etc" }],
  ["an amount that is a number", { ...aRecord(), price: 12 }],
  ["an unknown state", { ...aRecord(), state: "exploded" }],
])("reads %s as none", (_, metadata) => {
  const { cells } = aNotebook([{ id: "c1", metadata: metadata === undefined ? {} : { nebula: metadata } }]);

  expect(readRecord(cells.byId("c1")!.model)).toBeNull();
});

it("finds the cell by its record where ids were renewed, and ignores a copy", () => {
  const nebula = aRecord();
  const renewed = aNotebook([{ id: "fresh", metadata: { nebula } }]);
  const copied = aNotebook([
    { id: "copy", metadata: { nebula } },
    { id: "c1", metadata: { nebula } },
  ]);

  expect(renewed.cells.find(JOB_ID, "c1")?.model.id).toBe("fresh");
  expect(copied.cells.find(JOB_ID, "c1")?.model.id).toBe("c1");
  expect(copied.cells.recorded().map(({ cell }) => cell.model.id)).toEqual(["c1"]);
});
