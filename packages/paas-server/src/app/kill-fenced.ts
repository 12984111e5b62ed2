import type { LeaseClaim } from "./attempt-row.ts";
import type { AppContext } from "./context.ts";

/** Tells a rig to stop an attempt whose lease it has lost. Not being answered is fine: the next beat's reply says it again. */
export async function killFenced(ctx: AppContext, claim: LeaseClaim): Promise<void> {
  const body = {
    attempt: claim.attemptId,
    fence: claim.fence,
    mode: "kill",
    reason: "fenced",
    graceMs: 0,
  } as const;
  await ctx.rigs
    .send(claim.rigId, { t: "cancel", body })
    .catch((error: unknown) => ctx.log.info({ ...claim, err: error }, "kill not answered"));
}
