import type { Job } from "@nebula/protocol";
import { expect, inject, test } from "vitest";
import { campusAt } from "./campus.ts";
import { emptyHome, startCampusProcess } from "./campus-process.ts";
import { GATE, untilAtGate } from "./gate.ts";
import {
  aSpec,
  expectCharged,
  expectGapless,
  expectVerified,
  runJob,
  submit,
  textOf,
  watchToEnd,
} from "./jobs.ts";
import { expectRest } from "./rest.ts";

const PRINTS = aSpec("print('kept')\nopen('/job/out/file.txt', 'w').write('kept')");
const WAITS = aSpec(GATE);

/** A campus with one job settled and one that runs, cut off in the middle. */
async function cutOff(home: string): Promise<{ readonly settled: Job; readonly running: string }> {
  await using started = await startCampusProcess(home);
  await using stack = new AsyncDisposableStack();
  const campus = campusAt(started.facts, stack);
  const ada = await campus.as("ada");
  const { job } = await runJob(ada, PRINTS);
  const { id } = await submit(ada, WAITS);
  await untilAtGate(campus, ada, { id });
  await started.kill();
  return { settled: job, running: id };
}

test("a campus whose every process is killed goes on where it was", async (context) => {
  const shared = inject("campus");
  if (typeof shared === "string") return context.skip(shared);
  await using home = await emptyHome();
  const { settled, running } = await cutOff(home.path);

  await using again = await startCampusProcess(home.path);

  await using stack = new AsyncDisposableStack();
  const campus = campusAt(again.facts, stack);
  const ada = await campus.as("ada");
  expect(await ada.call("getJob", { params: { jobId: settled.id } })).toEqual(settled);
  expect(textOf(await watchToEnd(ada, settled.id))).toBe("kept\n");
  await expectVerified(campus, ada, { job: settled, spec: PRINTS });
  const watching = watchToEnd(ada, running);
  await (await untilAtGate(campus, ada, { id: running, no: 2 })).open();
  const ran = await watching;
  expect(ran.job).toMatchObject({ failure: null, attemptNo: 2 });
  expectGapless(ran);
  expectCharged(ran.job);
  await expectVerified(campus, ada, { job: ran.job, spec: WAITS });
  await expectRest(campus);
});
