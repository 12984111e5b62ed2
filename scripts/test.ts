/**
 * Runs every test of the repository and ends with one line, `N passed, N failed, N skipped`: the sums over all
 * runners and checks. `--only NAME` runs one stage, after the set-up it needs.
 */
import { isStopped, stopOnSignals } from "./run/run-command.ts";
import type { Stage } from "./test/stages.ts";
import { STAGES } from "./test/stages.ts";
import type { Tally } from "./test/tally.ts";
import { BROKEN, sumOf, summaryLine } from "./test/tally.ts";

function chosenStages(args: readonly string[]): readonly Stage[] | undefined {
  if (args.length === 0) return STAGES;
  const [option, name] = args;
  const chosen = STAGES.find((stage) => stage.name === name);
  if (option !== "--only" || chosen === undefined || args.length > 2) return undefined;
  return chosen.needsSetup ? STAGES.filter((stage) => stage.name === "setup" || stage === chosen) : [chosen];
}

async function runStage(stage: Stage): Promise<Tally> {
  console.log(`\n── ${stage.name}`);
  const startedMs = performance.now();
  const tally = await stage.run().catch((error: unknown) => {
    console.log(error);
    return BROKEN;
  });
  console.log(
    `── ${stage.name}: ${summaryLine(tally)} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`,
  );
  return tally;
}

function printSkips({ skipped }: Tally): void {
  if (skipped.length > 0) console.log("\nSkipped:");
  for (const { name, reason } of skipped) console.log(`  ${name}: ${reason}`);
}

async function main(args: readonly string[]): Promise<number> {
  const stages = chosenStages(args);
  if (stages === undefined) {
    console.error(`usage: npm test [-- --only ${STAGES.map((stage) => stage.name).join("|")}]`);
    return 2;
  }
  const tallies: Tally[] = [];
  for (const stage of stages) if (!isStopped()) tallies.push(await runStage(stage));
  const sum = sumOf(tallies);
  printSkips(sum);
  console.log(`\n${summaryLine(sum)}`);
  return sum.failed > 0 ? 1 : 0;
}

stopOnSignals();
const code = await main(process.argv.slice(2));
process.exitCode ??= code;
