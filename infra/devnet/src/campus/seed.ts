import { tokenAbi } from "@nebula/contracts";
import type { Allocation } from "@nebula/protocol";
import { NBAI } from "@nebula/protocol";
import { Contract, JsonRpcProvider, Wallet } from "ethers";
import { setTimeout as delay } from "node:timers/promises";
import { demoClient } from "../demo/session.ts";
import { StartFailed } from "../errors.ts";

export interface SeedOptions {
  readonly serverUrl: string;
  readonly chain: { readonly url: string; readonly chainId: number; readonly ownerKey: string };
  readonly token: string;
}

/** The demo course: what its allocation is granted, and what a student may spend. */
export const DEMO_COURSE = {
  name: "Deep Learning 101",
  owner: "prof",
  granted: 1_000n * NBAI,
  members: [
    { username: "ada", cap: 50n * NBAI, perJobMax: 5n * NBAI },
    { username: "tao", cap: 50n * NBAI, perJobMax: 5n * NBAI },
  ],
} as const;

const TERM_SECONDS = 200 * 86_400;
const FUNDING_TIMEOUT_MS = 60_000;

/** Sends the course's tokens to its paying address, as the faculty's treasurer would. Sends nothing that is there already. */
async function payIn(options: SeedOptions, allocation: Allocation): Promise<void> {
  const provider = new JsonRpcProvider(options.chain.url, options.chain.chainId, {
    staticNetwork: true,
    pollingInterval: 50,
    cacheTimeout: -1,
  });
  try {
    const token = new Contract(options.token, tokenAbi, new Wallet(options.chain.ownerKey, provider));
    const held = (await token.getFunction("balanceOf")(allocation.payer)) as bigint; // uint256
    if (held >= allocation.granted) return;
    const sent = (await token.getFunction("transfer")(allocation.payer, allocation.granted - held)) as {
      wait(): Promise<unknown>;
    }; // ethers' response of a sent transaction
    await sent.wait();
  } finally {
    provider.destroy();
  }
}

/** Makes the demo course and funds it, unless it is there. Resolves once it can be spent from. */
export async function seedCampus(options: SeedOptions): Promise<Allocation> {
  await using ops = await demoClient(options.serverUrl, "ops");
  await using professor = await demoClient(options.serverUrl, DEMO_COURSE.owner);
  const find = async (): Promise<Allocation | undefined> =>
    (await professor.call("listAllocations")).items.find((item) => item.name === DEMO_COURSE.name);
  const validUntil = Math.floor(Date.now() / 1_000) + TERM_SECONDS;
  const { name, owner, granted, members } = DEMO_COURSE;
  await professor.call("getMe");
  const body = { name, kind: "course" as const, owner, granted, members: [...members], validUntil };
  const allocation = (await find()) ?? (await ops.call("createAllocation", { body }));
  if (allocation.state === "active") return allocation;
  await payIn(options, allocation);
  return await untilActive(find);
}

async function untilActive(find: () => Promise<Allocation | undefined>): Promise<Allocation> {
  const deadline = performance.now() + FUNDING_TIMEOUT_MS;
  for (;;) {
    const allocation = await find();
    if (allocation?.state === "active") return allocation;
    if (performance.now() > deadline) {
      throw new StartFailed("campus", "The demo course was not funded within a minute.", {
        remedy: "Look into .nebula/logs/server.log, then start again.",
      });
    }
    await delay(100);
  }
}
