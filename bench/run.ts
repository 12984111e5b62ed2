import { parseArgs } from "node:util";
import { measureLatency } from "./latency/index.ts";
import type { BenchOptions } from "./options.ts";
import { reportOf, tableOf } from "./report.ts";
import type { Row } from "./row.ts";

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<readonly Row[]>>> = {
  latency: measureLatency,
};

const HELP = `npm run bench -- NAME [--json] [--only METRIC] [--samples N]

Measures on this machine, each figure beside its baseline in the same run. Names: ${Object.keys(BENCHES).join(", ")}.
Exit status: 0 all rows met, 1 a row not met, 2 wrong arguments.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string" },
      samples: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [name = ""] = positionals;
  const bench = BENCHES[name];
  const n = values.samples === undefined ? null : Number(values.samples);
  if (bench === undefined || (n !== null && !(n >= 1))) {
    process.stderr.write(HELP);
    return 2;
  }
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = reportOf(name, await bench({ only: values.only ?? null, n, log }));
  process.stdout.write(`${values.json ? JSON.stringify(report, undefined, 2) : tableOf(report)}\n`);
  return report.rows.some(({ met }) => met === false) ? 1 : 0;
}

process.exitCode = await main();
