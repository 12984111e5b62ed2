import { StartFailed } from "../errors.ts";
import { DEFAULT_HOME } from "../process/repository.ts";
import { canInstallPackages, installPackages } from "./debian-packages.ts";
import { privilegeOfProcess } from "./privilege.ts";
import { explain, seconds, timed } from "./report.ts";
import type { Missing } from "./report.ts";
import type { Purpose, SetupContext, SetupStep } from "./step.ts";
import { STEPS } from "./steps/index.ts";

export { labFolder } from "./steps/lab.ts";
export type { Missing } from "./report.ts";

export interface SetupOptions {
  readonly for: Purpose;
  /** Takes the step lines; default standard output. */
  readonly log?: (line: string) => void;
  /** `check`: never installs. Default: the value of NEBULA_SETUP. */
  readonly mode?: string | undefined;
  /** State folder; default `.nebula` in the repository. */
  readonly home?: string;
}

/** How the machine stands after setup. */
export interface SetupReport {
  /** Empty when everything is there. */
  readonly missing: readonly Missing[];
}

/**
 * Looks for everything a campus needs on this machine, and installs what is missing where it may. Idempotent; takes about a
 * second when nothing is missing. For `start`, throws `StartFailed` with the exact commands when something stays missing;
 * for `tests`, says what is missing, because tests without their part skip and say why.
 */
export async function runSetup(options: SetupOptions): Promise<SetupReport> {
  const log = options.log ?? ((line: string) => console.log(line));
  const mode = "mode" in options ? options.mode : process.env["NEBULA_SETUP"];
  const context: SetupContext = {
    home: options.home ?? DEFAULT_HOME,
    purpose: options.for,
    privilege: await privilegeOfProcess(),
    log,
  };
  const report = await bringAbout(context, STEPS, mode !== "check");
  if (report.missing.length === 0) return report;
  const message = explain(report.missing);
  if (options.for === "start")
    throw new StartFailed("setup", "This machine lacks something.", { remedy: `Run:\n${message}` });
  log(message);
  return report;
}

/** Checks the steps in order and, where allowed, installs: first all packages in one go, then step by step. */
export async function bringAbout(
  context: SetupContext,
  steps: readonly SetupStep[],
  mayInstall: boolean,
): Promise<SetupReport> {
  const wanted = steps.filter((step) => step.purposes.includes(context.purpose));
  const lacking: SetupStep[] = [];
  for (const step of wanted) {
    const finding = await timed(context, step, () => step.check(context));
    if (!finding.ready) lacking.push(step);
  }
  if (mayInstall && lacking.length > 0) await installAll(context, lacking);
  const missing: Missing[] = [];
  for (const step of lacking) {
    const { ready, detail } = await step.check(context);
    if (!ready) missing.push({ name: step.name, detail, commands: await step.remedy(context) });
  }
  return { missing };
}

async function installAll(context: SetupContext, lacking: readonly SetupStep[]): Promise<void> {
  await installMissingPackages(context, lacking);
  for (const step of lacking) {
    if (step.install === undefined) continue;
    const start = performance.now();
    context.log(`… ${step.name}`);
    try {
      await step.install({ ...context, log: (line) => context.log(`    ${line}`) });
      context.log(`✔ ${step.name} ${(await step.check(context)).detail} (${seconds(start)})`);
    } catch (error) {
      context.log(`✘ ${step.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function installMissingPackages(context: SetupContext, lacking: readonly SetupStep[]): Promise<void> {
  const lists = await Promise.all(lacking.map(async (step) => (await step.packages?.(context)) ?? []));
  const packages = [...new Set(lists.flat())];
  if (packages.length === 0 || !(await canInstallPackages(context.privilege))) return;
  const start = performance.now();
  context.log(`… Debian packages ${packages.join(", ")}`);
  await installPackages(context.privilege, packages);
  context.log(`✔ Debian packages ${packages.join(", ")} (${seconds(start)})`);
}
