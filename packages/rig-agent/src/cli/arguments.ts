import { parseArgs } from "node:util";
import { InvalidInput } from "@nebula/protocol";

export const HELP = `nebula-rig: runs paid jobs of a Nebula campus on this machine

  nebula-rig enrol --server URL --code CODE [--name NAME] [--payout ADDRESS] [--state DIR]
      Enrols this machine with a one-time code from campus IT.
  nebula-rig run [--state DIR] [--slots N] [--on-stop leave|end]
      Works until it is stopped. SIGTERM and Ctrl-C leave running jobs to their
      attachers, so that an upgraded agent finds them again; --on-stop end ends them.
  nebula-rig status [--state DIR] [--json]
      Says what the agent on this machine does.
  nebula-rig --help | --version

State (keys, journal, spool) lies in /var/lib/nebula, in $NEBULA_RIG_STATE, or in DIR.
Exit status: 0 done, 1 failed, 2 wrong arguments, 3 not enrolled or refused by the campus,
4 another agent has taken over, 5 no agent runs here (status).
`;

export interface Arguments {
  readonly command: "enrol" | "run" | "status" | "help" | "version";
  readonly server?: string | undefined;
  readonly code?: string | undefined;
  readonly name?: string | undefined;
  readonly payout?: string | undefined;
  readonly state?: string | undefined;
  readonly slots?: number | undefined;
  readonly onStop: "leave" | "end";
  readonly isJson: boolean;
}

const COMMANDS = ["enrol", "run", "status"] as const;

const OPTIONS = {
  server: { type: "string" },
  code: { type: "string" },
  name: { type: "string" },
  payout: { type: "string" },
  state: { type: "string" },
  slots: { type: "string" },
  "on-stop": { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new InvalidInput("INPUT_INVALID", cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}

function commandOf(
  words: readonly string[],
  values: { help?: boolean; version?: boolean },
): Arguments["command"] {
  if (values.version) return "version";
  if (values.help || words[0] === "help") return "help";
  const command = COMMANDS.find((name) => name === words[0]);
  if (!command || words.length > 1) {
    throw new InvalidInput(
      "INPUT_INVALID",
      `Expected one command out of ${COMMANDS.join(", ")}, got "${words.join(" ")}"`,
    );
  }
  return command;
}

function slotsFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,3}$/.test(text))
    throw new InvalidInput("INPUT_INVALID", `--slots takes a number from 0 to 256, got "${text}"`);
  return Number(text);
}

/** Reads the command line. Throws `InvalidInput` that says what was expected. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parsed(args);
  const command = commandOf(positionals, values);
  const { server, code, name, payout, state, json = false } = values;
  if (command === "enrol" && (server === undefined || code === undefined)) {
    throw new InvalidInput("INPUT_INVALID", "enrol needs --server URL and --code CODE");
  }
  const onStop = values["on-stop"] ?? "leave";
  if (onStop !== "leave" && onStop !== "end")
    throw new InvalidInput("INPUT_INVALID", `--on-stop takes leave or end, got "${onStop}"`);
  return { command, server, code, name, payout, state, slots: slotsFrom(values.slots), onStop, isJson: json };
}
