import { beforeEach, expect, it, vi } from "vitest";
import { Batch, BATCH_MS, joinStreams } from "../../src/cell/batch.ts";
import { displayed, events, printed, type FrameSketch } from "../a-job.ts";

const frames = (...sketches: FrameSketch[]) => events(sketches).map((event) => event.frame);
const texts = (written: readonly { t: string; content?: unknown }[]) =>
  written.map((frame) => (frame.t === "stream" ? (frame.content as { text: string }).text : frame.t));

beforeEach(() => {
  vi.useFakeTimers();
});

it("joins neighbours of the same cell and name only", () => {
  const written = joinStreams(
    frames(
      printed("a"),
      printed("b"),
      printed("c", "c1", "stderr"),
      displayed("d"),
      printed("e"),
      printed("f", "c2"),
    ),
  );

  expect(texts(written)).toEqual(["ab", "c", "display", "e", "f"]);
});

it("leaves the frames that it joins as they were", () => {
  const given = frames(printed("a"), printed("b"));

  joinStreams(given);

  expect(texts(given)).toEqual(["a", "b"]);
});

it("writes the first frames at once and the next ones together", () => {
  const written: string[][] = [];
  const batch = new Batch((got) => written.push(texts(got)));

  batch.push(frames(printed("1")));
  batch.push(frames(printed("2")));
  batch.push(frames(printed("3")));
  vi.advanceTimersByTime(BATCH_MS);

  expect(written).toEqual([["1"], ["23"]]);
});

it("writes at once again after a quiet time", () => {
  const written: string[][] = [];
  const batch = new Batch((got) => written.push(texts(got)));
  batch.push(frames(printed("1")));
  vi.advanceTimersByTime(BATCH_MS * 2);

  batch.push(frames(printed("2")));

  expect(written).toEqual([["1"], ["2"]]);
});

it("writes nothing after it is disposed of", () => {
  const written: unknown[] = [];
  const batch = new Batch((got) => written.push(got));
  batch.push(frames(printed("1")));
  batch.push(frames(printed("2")));

  batch.dispose();
  vi.advanceTimersByTime(BATCH_MS * 2);

  expect(written).toHaveLength(1);
});
