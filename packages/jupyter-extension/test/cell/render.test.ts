import { beforeEach, expect, it, vi } from "vitest";
import { aNotebook } from "../a-notebook.ts";
import { JobRenderer } from "../../src/cell/render.ts";
import { BATCH_MS } from "../../src/cell/batch.ts";
import { LINES_MAX } from "../../src/cell/text-cap.ts";
import {
  displayed,
  events,
  finished,
  printed,
  raised,
  redisplayed,
  started,
  type FrameSketch,
} from "../a-job.ts";

function aRenderer(ids: readonly string[] = ["c1", "c2"]) {
  const notebook = aNotebook(ids.map((id) => ({ id, source: "1" })));
  const answers: [string, string][] = [];
  const renderer = new JobRenderer({
    find: (id) => notebook.cells.byId(id),
    answer: (requestId, value) => answers.push([requestId, value]),
    notice: (left) => `left out ${String(left.lines)} lines, ${String(left.displays)} displays`,
    skippedNotice: ({ bytes }) => `skipped ${String(bytes)} bytes`,
  });
  let seq = 0;
  const play = (...frames: FrameSketch[]): void => {
    renderer.take(events(frames, seq));
    seq += frames.length;
    vi.advanceTimersByTime(BATCH_MS);
  };
  return { ...notebook, renderer, play, answers };
}

beforeEach(() => {
  vi.useFakeTimers();
});

it("writes streams, results and errors under their cells", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1", "c2"]);

  play(
    started(),
    printed("hello\n"),
    printed("oops\n", "c1", "stderr"),
    finished(1),
    started("c2"),
    raised("ValueError", "no", "c2"),
  );

  expect(outputs("c1")).toEqual([
    { output_type: "stream", name: "stdout", text: "hello\n" },
    { output_type: "stream", name: "stderr", text: "oops\n" },
  ]);
  expect(outputs("c2")).toEqual([
    { output_type: "error", ename: "ValueError", evalue: "no", traceback: ["ValueError: no"] },
  ]);
});

it("keeps images, HTML and the number of a result", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1"]);

  play(
    {
      t: "display",
      cell: "c1",
      kind: "display_data",
      content: { data: { "image/png": "iVBORw0KGgo=" }, metadata: {} },
    },
    {
      t: "display",
      cell: "c1",
      kind: "execute_result",
      executionCount: 4,
      content: { data: { "text/html": "<b>x</b>" }, metadata: {} },
    },
  );

  expect(outputs("c1")).toMatchObject([
    { output_type: "display_data", data: { "image/png": "iVBORw0KGgo=" } },
    { output_type: "execute_result", execution_count: 4, data: { "text/html": "<b>x</b>" } },
  ]);
});

it("shows a progress bar that redraws itself as one line", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1"]);

  play(printed("start\n"), printed("\r10%"), printed("\r20%"));
  play(printed("\r30%\n"), printed("end"));

  expect(outputs("c1")).toEqual([{ output_type: "stream", name: "stdout", text: "start\n30%\nend" }]);
});

it("updates a display, also from a later cell", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1", "c2"]);

  play(displayed("before", "d1"), finished(1), started("c2"), redisplayed("after", "d1", "c2"));

  expect(outputs("c1")).toMatchObject([{ data: { "text/plain": "after" } }]);
  expect(outputs("c2")).toEqual([]);
});

it("clears at once, or with the next output when asked to wait", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1"]);

  play(printed("1\n"), { t: "clear_output", cell: "c1", content: { wait: true } });
  const waiting = outputs("c1");
  play(printed("2\n"));

  expect(waiting).toMatchObject([{ text: "1\n" }]);
  expect(outputs("c1")).toMatchObject([{ text: "2\n" }]);

  play({ t: "clear_output", cell: "c1", content: { wait: false } });

  expect(outputs("c1")).toEqual([]);
});

it("marks cells as running until they finish, and numbers them", () => {
  const { renderer, play, cells } = aRenderer();
  renderer.begin(["c1", "c2"]);
  const during = cells.byId("c1")?.model.executionState;

  play(started(), finished(7));
  renderer.end();

  expect(during).toBe("running");
  expect(cells.byId("c1")?.model).toMatchObject({ executionState: "idle", executionCount: 7 });
  expect(cells.byId("c2")?.model).toMatchObject({ executionState: "idle", executionCount: null });
});

it("empties a set-up cell only when it starts", () => {
  const { renderer, play, cells, outputs } = aRenderer(["s", "c1"]);
  cells.byId("s")?.model.outputs.add({ output_type: "stream", name: "stdout", text: "local" });
  renderer.begin(["c1"]);
  const before = outputs("s");

  play(started("s"), printed("remote", "s"));

  expect(before).toMatchObject([{ text: "local" }]);
  expect(outputs("s")).toMatchObject([{ text: "remote" }]);
});

it("keeps the head of a flood and says how much is missing", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1"]);

  for (let block = 0; block < 50; block += 1) play(printed("line\n".repeat(100)));
  play(finished(1));

  const [stream, notice] = outputs("c1") as [{ text: string }, { data: Record<string, string> }];
  expect(stream.text).toBe("line\n".repeat(LINES_MAX));
  expect(notice.data["text/plain"]).toBe("left out 3000 lines, 0 displays");
  expect(renderer.leftOut).toEqual({ lines: 3000, bytes: 15_000, displays: 0 });
});

it("says where the campus skipped output", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1"]);

  play(started(), printed("head\n"), { t: "skipped", bytes: 1234, displays: 0 }, printed("tail\n"));

  expect(outputs("c1")).toMatchObject([
    { text: "head\n" },
    { data: { "text/plain": "skipped 1234 bytes" } },
    { text: "tail\n" },
  ]);
});

it("begins anew with a new attempt", () => {
  const { renderer, play, outputs } = aRenderer();
  renderer.begin(["c1"]);
  play(started(), printed("first attempt\n"));

  renderer.take(
    events([{ t: "attempt", rig: "rig-2", reason: "lost" }, started(), printed("second\n")], 2, 2),
  );
  renderer.end();

  expect(outputs("c1")).toEqual([{ output_type: "stream", name: "stdout", text: "second\n" }]);
});

it("leaves a cell alone that was run elsewhere", () => {
  const { renderer, play, cells, outputs } = aRenderer();
  renderer.begin(["c1"]);
  play(printed("job\n"));

  cells.byId("c1")?.outputArea.future.dispose();
  cells.byId("c1")?.model.outputs.clear();
  play(printed("more\n"), finished(3));

  expect(outputs("c1")).toEqual([]);
  expect(cells.byId("c1")?.model.executionCount).toBeNull();
});

it("goes on with the other cells when one is deleted", () => {
  const { renderer, play, outputs } = aRenderer(["c2"]);
  renderer.begin(["gone", "c2"]);

  play(printed("lost\n", "gone"), printed("shown\n", "c2"));

  expect(outputs("c2")).toMatchObject([{ text: "shown\n" }]);
});

it("asks for input and sends what was typed", () => {
  const { renderer, play, cells, answers } = aRenderer();
  renderer.begin(["c1"]);
  play({ t: "input_request", cell: "c1", id: "i1", content: { prompt: "name? ", password: false } });
  const area = cells.byId("c1")?.outputArea;

  area?.future.sendInputReply({ status: "ok", value: "Grace" }, {} as never);

  expect(area?.pendingInput).toBe(true);
  expect(answers).toEqual([["i1", "Grace"]]);
});

it("does not ask again for input that was answered before", () => {
  const { renderer, play, cells } = aRenderer();
  renderer.begin(["c1"]);

  play(
    { t: "input_request", cell: "c1", id: "i1", content: { prompt: "name? ", password: false } },
    printed("hello\n"),
  );

  expect(cells.byId("c1")?.outputArea.pendingInput).toBe(false);
});

it("trusts the outputs of the signed-in person's own job", () => {
  const { renderer, cells } = aRenderer();

  renderer.begin(["c1"]);

  expect(cells.byId("c1")?.model.trusted).toBe(true);
});

it("gives the same outputs when the same events are played twice", () => {
  const { renderer, play, outputs } = aRenderer();
  const frames = [
    started(),
    printed("a\n"),
    displayed("1", "d"),
    redisplayed("2", "d"),
    printed("\rb"),
    finished(1),
  ];
  renderer.begin(["c1"]);
  play(...frames);
  const first = outputs("c1");

  renderer.begin(["c1"]);
  play(...frames);

  expect(outputs("c1")).toEqual(first);
});
