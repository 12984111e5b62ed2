import { createAllocation } from "../../app/create-allocation.ts";
import { listAllocations } from "../../app/list-allocations.ts";
import type { Handlers } from "../handler.ts";

/** Routes about budgets. */
export const allocationHandlers = {
  listAllocations: async (ctx, { caller }) => ({ items: await listAllocations(ctx.db, caller.account.id) }),
  createAllocation: (ctx, { body, caller, key, wire }) =>
    createAllocation(ctx, { callerId: caller.account.id, allocation: body, key, wire }),
} satisfies Partial<Handlers>;
