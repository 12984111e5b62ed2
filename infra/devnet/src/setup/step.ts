import type { Privilege } from "./privilege.ts";

/** What the machine is being prepared for: running a campus, or the whole test suite. */
export type Purpose = "start" | "tests";

/** What a step works with. */
export interface SetupContext {
  /** The state folder, `.nebula`. */
  readonly home: string;
  readonly purpose: Purpose;
  readonly privilege: Privilege;
  /** Takes one line about what is going on. */
  readonly log: (line: string) => void;
}

/** What a check saw. */
export interface Finding {
  readonly ready: boolean;
  /** Ready: what is there, with its version. Not ready: what is missing, one sentence without a full stop. */
  readonly detail: string;
}

/** One thing that the machine must have. */
export interface SetupStep {
  /** As it stands in a step line, such as `Docker Engine`. */
  readonly name: string;
  readonly purposes: readonly Purpose[];
  /** Looks, and changes nothing. */
  check(context: SetupContext): Promise<Finding>;
  /** Debian packages that it comes from; all missing ones are installed in one go. */
  readonly packages?: (context: SetupContext) => Promise<readonly string[]>;
  /** Does what is left once the packages are there. Without it and without packages, only a person can help. */
  install?(context: SetupContext): Promise<void>;
  /** Exact commands with which a person brings it about. */
  remedy(context: SetupContext): Promise<readonly string[]>;
}

/** A finding that all is well. */
export const ready = (detail: string): Finding => ({ ready: true, detail });
/** A finding that something is missing. */
export const missing = (detail: string): Finding => ({ ready: false, detail });
