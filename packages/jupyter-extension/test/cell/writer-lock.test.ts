import { expect, it } from "vitest";
import { browserWriterLock } from "../../src/cell/writer-lock.ts";

/** Exclusive locks of one browser, without the modes that are not used. */
function aBrowser(): LockManager {
  const tails = new Map<string, Promise<unknown>>();
  const request = async (
    name: string,
    options: LockOptions,
    work: (lock: Lock | null) => unknown,
  ): Promise<unknown> => {
    const before = tails.get(name);
    if (before && options.ifAvailable) return work(null);
    const turn = (before ?? Promise.resolve()).then(() => work({ name, mode: "exclusive" }));
    const tail = turn.then(
      () => tails.delete(name),
      () => tails.delete(name),
    );
    tails.set(name, tail);
    return turn;
  };
  return { request } as unknown as LockManager; // only what a writer asks for
}

const turn = (waiting: () => void = () => undefined) => ({ signal: new AbortController().signal, waiting });

it("lets the second tab write when the first lets go, and not before", async () => {
  const locks = aBrowser();
  const { promise, resolve } = Promise.withResolvers<null>();
  const log: string[] = [];
  const first = browserWriterLock(locks)("job_1", turn(), async () => {
    log.push("first begins");
    await promise;
    log.push("first ends");
  });
  await Promise.resolve();
  const waits = turn(() => {
    log.push("second waits");
    resolve(null);
  });

  await browserWriterLock(locks)("job_1", waits, async () => void log.push("second begins"));
  await first;

  expect(log).toEqual(["first begins", "second waits", "first ends", "second begins"]);
});

it("passes on the failure of the work", async () => {
  const lock = browserWriterLock(aBrowser());

  await expect(lock("job_1", turn(), () => Promise.reject(new Error("cut")))).rejects.toThrow("cut");
});

it("lets every tab write where the browser has no locks", async () => {
  let isDone = false;

  await browserWriterLock(undefined)("job_1", turn(), async () => {
    isDone = true;
  });

  expect(isDone).toBe(true);
});
