import type { meSchema } from "@nebula/protocol";
import type { z } from "zod";
import { leftOf } from "../domain/caps.ts";
import type { AppContext } from "./context.ts";
import type { Account } from "./ensure-account.ts";
import { memberBalance } from "./ledger.ts";
import { listAllocations } from "./list-allocations.ts";
import type { Principal } from "./ports.ts";
import { readPurses } from "./read-purse.ts";

export type MeJson = z.input<typeof meSchema>;

/** Who is signed in, and what he may spend: the sum over his active allocations. */
export async function readMe(
  ctx: AppContext,
  caller: { readonly principal: Principal; readonly account: Account },
): Promise<MeJson> {
  const { principal, account } = caller;
  const sum = { held: 0n, spent: 0n, left: 0n };
  for (const purse of await readPurses(ctx.db, account.id)) {
    if (purse.state !== "active") continue;
    const { held, spent } = await memberBalance(ctx.db, {
      allocationId: purse.allocationId,
      accountId: account.id,
    });
    sum.held += held;
    sum.spent += spent;
    sum.left += leftOf(purse.caps);
  }
  return {
    subject: principal.subject,
    username: account.username,
    name: principal.name,
    roles: [...principal.roles],
    permissions: [...principal.permissions],
    address: account.address,
    custody: account.custody,
    balance: {
      granted: (sum.held + sum.spent + sum.left).toString(),
      held: sum.held.toString(),
      spent: sum.spent.toString(),
      left: sum.left.toString(),
    },
    allocations: await listAllocations(ctx.db, account.id),
  };
}
