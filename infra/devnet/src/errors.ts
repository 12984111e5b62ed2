import { NebulaError } from "@nebula/protocol";
import type { ErrorCode } from "@nebula/protocol";

const CODES = {
  postgres: "DATABASE_AWAY",
  chain: "CHAIN_AWAY",
  issuer: "ISSUER_AWAY",
  lab: "SERVER_AWAY",
  campus: "SERVER_AWAY",
  setup: "SERVER_AWAY",
} as const satisfies Record<string, ErrorCode>;

/** A part of the campus on this machine. */
export type PartName = keyof typeof CODES;

/** A part could not start, or cannot go on; `remedy` is what the person at this machine can do about it. */
export class StartFailed extends NebulaError {
  readonly part: PartName;
  readonly remedy: string;

  constructor(
    part: PartName,
    message: string,
    options: { readonly remedy: string; readonly cause?: unknown },
  ) {
    super(CODES[part], `${message} ${options.remedy}`, { data: { part }, cause: options.cause });
    this.part = part;
    this.remedy = options.remedy;
  }
}
