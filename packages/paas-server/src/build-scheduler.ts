import type { AppContext } from "./app/context.ts";
import { deliverCancels } from "./app/deliver-cancels.ts";
import { deliverOffer, deliverOffers } from "./app/deliver-offer.ts";
import { expireJobs } from "./app/expire-jobs.ts";
import { expireLeases, sweepRigs } from "./app/expire-leases.ts";
import { placeJobs } from "./app/place-jobs.ts";
import { startLoop } from "./app/start-loop.ts";
import type { RigSockets } from "./sockets/rig-link.ts";

/** Pause of the loops where no hint comes. */
const ROUND_MS = 250;
const SWEEP_MS = 2_000;
/** A cancel is said again after this long while the attempt goes on. */
const CANCEL_AGAIN_MS = 10_000;

/** Whether this replica leads; tries to, when it does not. */
class Leadership implements AsyncDisposable {
  readonly #ctx: AppContext;
  #lead: AsyncDisposable | null = null;

  constructor(ctx: AppContext) {
    this.#ctx = ctx;
  }

  async has(): Promise<boolean> {
    this.#lead ??= await this.#ctx.db.tryLead();
    return this.#lead !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lead?.[Symbol.asyncDispose]();
    this.#lead = null;
  }
}

async function place(ctx: AppContext): Promise<void> {
  for (const placed of await placeJobs(ctx)) void deliver(ctx, placed);
}

function deliver(
  ctx: AppContext,
  placed: { readonly attemptId: string; readonly rigId: string },
): Promise<void> {
  return deliverOffer(ctx, placed).catch((error: unknown) =>
    ctx.log.error({ ...placed, err: error }, "offer not delivered"),
  );
}

/** Brings to the rigs connected here what is in the database for them: offers of other replicas, and cancels until they have worked. */
function courier(
  ctx: AppContext,
  link: RigSockets,
): { readonly work: () => Promise<void>; readonly again: (attemptId: string) => void } {
  const toldAt = new Map<string, number>();
  const isTold = (attemptId: string) =>
    ctx.clock.now() - (toldAt.get(attemptId) ?? -CANCEL_AGAIN_MS) < CANCEL_AGAIN_MS;
  const work = async (): Promise<void> => {
    const rigIds = link.readyIds;
    void deliverOffers(ctx, rigIds).catch((error: unknown) =>
      ctx.log.error({ err: error }, "offers not delivered"),
    );
    for (const attemptId of await deliverCancels(ctx, rigIds, isTold)) toldAt.set(attemptId, ctx.clock.now());
    for (const attemptId of toldAt.keys()) if (!isTold(attemptId)) toldAt.delete(attemptId);
  };
  return { work, again: (attemptId) => void toldAt.delete(attemptId) };
}

/**
 * Starts what moves jobs on: placing (every replica, since row locks keep it right), taking back what is overdue (the leader), and
 * bringing offers and cancels to the rigs connected here.
 */
export function startScheduler(ctx: AppContext, link: RigSockets): AsyncDisposable {
  const { log } = ctx;
  const leadership = new Leadership(ctx);
  const errands = courier(ctx, link);
  const placing = startLoop({ name: "place", everyMs: ROUND_MS, log, work: () => place(ctx) });
  const carrying = startLoop({ name: "courier", everyMs: ROUND_MS, log, work: errands.work });
  const sweeping = startLoop({
    name: "sweep",
    everyMs: SWEEP_MS,
    log,
    work: async () => {
      if (!(await leadership.has())) return;
      await expireLeases(ctx);
      await expireJobs(ctx);
      await sweepRigs(ctx);
    },
  });
  const listening = ctx.hints.listen((hint) => {
    if (hint.kind === "queue") placing.wake();
    if (hint.kind === "cancel") {
      errands.again(hint.attemptId);
      carrying.wake();
    }
  });
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await Promise.all([placing, carrying, sweeping].map((loop) => loop[Symbol.asyncDispose]()));
      await leadership[Symbol.asyncDispose]();
    },
  };
}
