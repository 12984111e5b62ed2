import type { Finding, SetupContext, SetupStep } from "./step.ts";

/** Something that is still missing, and what to do about it. */
export interface Missing {
  readonly name: string;
  readonly detail: string;
  readonly commands: readonly string[];
}

/** Runs `work` and writes a line with its outcome and how long it took. */
export async function timed(
  context: SetupContext,
  step: SetupStep,
  work: () => Promise<Finding>,
): Promise<Finding> {
  const start = performance.now();
  const finding = await work();
  context.log(`${finding.ready ? "✔" : "✘"} ${titleOf(step, finding)} (${seconds(start)})`);
  return finding;
}

/** What a person reads where setup stops: every missing thing with its commands. */
export function explain(missing: readonly Missing[]): string {
  const paragraphs = missing.map(({ name, detail, commands }) => [
    `${name}: ${detail}`,
    ...commands.map((command) => `    ${command}`),
  ]);
  return paragraphs.flat().join("\n");
}

/** Time since `startMs` of the monotone clock, as `0.2 s`. */
export function seconds(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

function titleOf(step: SetupStep, finding: Finding): string {
  return finding.ready ? `${step.name} ${finding.detail}` : `${step.name}: ${finding.detail}`;
}
