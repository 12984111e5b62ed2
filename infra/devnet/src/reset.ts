import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { PORT_BASE, portsFrom } from "./campus/ports.ts";
import { runningCampus } from "./campus/running.ts";
import { DEFAULT_HOME } from "./process/repository.ts";

const HELP = `npm run reset [-- --yes]

Forgets the campus of this folder: accounts, jobs, outputs, receipts, keys, the chain, and the notebooks in
.nebula/state/notebooks. Installed tools and kernel images stay. Asks first; --yes does not ask.
`;

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    process.stderr.write(
      "Nothing was removed: there is no terminal to ask on. Run: npm run reset -- --yes\n",
    );
    return false;
  }
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await reader.question(
    "Forget every account, job, receipt, key, the chain and the notebooks in .nebula/state? Type yes: ",
  );
  reader.close();
  return answer.trim().toLowerCase() === "yes";
}

async function reset(state: string): Promise<number> {
  const { values } = parseArgs({
    options: { yes: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if ((await runningCampus(portsFrom(PORT_BASE))) !== null) {
    process.stderr.write("A campus is running. Stop it with Ctrl-C first; nothing was removed.\n");
    return 1;
  }
  if (!existsSync(state)) {
    process.stdout.write("There is nothing to forget.\n");
    return 0;
  }
  if (!values.yes && !(await isConfirmed())) return 1;
  await rm(state, { recursive: true, force: true });
  process.stdout.write("Forgotten. The next start makes a new campus.\n");
  return 0;
}

process.exitCode = await reset(join(DEFAULT_HOME, "state"));
