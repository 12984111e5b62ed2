import { parseArgs } from "node:util";
import { PORT_BASE } from "../campus/ports.ts";

/** What the person asked for. */
export interface StartOptions {
  /** Runs the demo and ends. */
  readonly once: boolean;
  /** One JSON object on standard output, everything else on standard error. */
  readonly json: boolean;
  readonly notebook: string | null;
  /** Runs the first lesson as proof of life at the first start. */
  readonly proof: boolean;
  readonly watch: boolean;
  readonly portBase: number;
  readonly help: boolean;
}

export const HELP = `Nebula Campus on this machine.

  npm start                      sets everything up, starts a campus and stays; Ctrl-C stops it
  npm run demo                   runs the first lesson as a paid job and ends
  npm run dev                    as npm start, but sources are reloaded when they change
  npm run reset                  forgets the campus of this folder, after asking

Options, after --, such as: npm run demo -- --json
  --once              run the demo, then end (npm run demo); uses a campus that runs already
  --json              with --once: one JSON object on standard output; amounts in base units (10^-18 NBAI)
  --notebook FILE     with --once: run the code cells of FILE as one job, instead of courses/01-cnn
  --no-demo           do not run the first lesson at the first start
  --port-base N       first of five ports in a row (default ${String(PORT_BASE)}): server, sign-in, chain, database, JupyterLab
  --help              this text

Exit status: 0 done, 1 failed, 2 wrong options, 130 stopped by Ctrl-C.
`;

/** Reads the command line. Throws an `Error` whose message says what was wrong. */
export function readOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      notebook: { type: "string" },
      "no-demo": { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
      "port-base": { type: "string", default: String(PORT_BASE) },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const portBase = Number(values["port-base"]);
  if (!Number.isInteger(portBase) || portBase < 1_024 || portBase > 65_530) {
    throw new Error(`--port-base: expected a port from 1024 to 65530, got ${values["port-base"]}`);
  }
  if (values.json && !values.once) throw new Error("--json goes with --once (npm run demo -- --json)");
  if (values.notebook !== undefined && !values.once)
    throw new Error("--notebook goes with --once (npm run demo -- --notebook FILE)");
  return {
    once: values.once,
    json: values.json,
    notebook: values.notebook ?? null,
    proof: !values["no-demo"],
    watch: values.watch,
    portBase,
    help: values.help,
  };
}
