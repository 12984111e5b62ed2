import type { AppContext } from "./app/context.ts";
import type { Metrics } from "./app/ports.ts";
import { runOutbox } from "./app/run-outbox.ts";
import { sweepStale } from "./app/sweep-stale.ts";
import { startLoop } from "./app/start-loop.ts";

/** Longest pause before a due errand is seen where no hint comes. */
const ROUND_MS = 250;
const SWEEP_MS = 10 * 60_000;

/** Starts the side work of this replica: settlements, the rig table, the funding of allocations, the sealing of events. */
export function startOutbox(ctx: AppContext, metrics: Pick<Metrics, "countOutbox">): AsyncDisposable {
  const loop = startLoop({
    name: "outbox",
    everyMs: ROUND_MS,
    log: ctx.log,
    work: async () => {
      if ((await runOutbox(ctx, metrics)) > 0) loop.wake();
    },
  });
  const sweeping = startLoop({ name: "stale", everyMs: SWEEP_MS, log: ctx.log, work: () => sweepStale(ctx) });
  const listening = ctx.hints.listen((hint) => {
    if (hint.kind === "outbox") loop.wake();
  });
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await Promise.all([loop, sweeping].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
