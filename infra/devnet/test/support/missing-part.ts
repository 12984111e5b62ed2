import { postgresBinaries } from "../../src/parts/postgres/binaries.ts";
import { anvilBinary } from "../../src/parts/chain/anvil.ts";

/** Why tests with a real chain cannot run here; undefined when they can. */
export function whyNoChain(): string | undefined {
  return reason(() => void anvilBinary());
}

/** Why tests with a real database cannot run here; undefined when they can. */
export async function whyNoPostgres(): Promise<string | undefined> {
  return await postgresBinaries().then(() => undefined, String);
}

function reason(look: () => void): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
