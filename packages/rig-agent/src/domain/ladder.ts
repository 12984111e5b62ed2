/** How a run is stopped: one signal after another until it has ended. */
export interface Rung {
  readonly signal: "SIGINT" | "SIGTERM" | "SIGKILL";
  /** Milliseconds after the ladder begins. */
  readonly afterMs: number;
}

/** Milliseconds from SIGTERM, at which the runner flushes and collects artefacts, to SIGKILL. */
export const TERM_GRACE_MS = 3_000;

/** `interrupt`: as Ctrl-C in the kernel, then terminate, then kill. `terminate`: without the Ctrl-C. `kill`: at once. */
export function ladder(mode: "interrupt" | "terminate" | "kill", graceMs: number): readonly Rung[] {
  switch (mode) {
    case "interrupt":
      return [
        { signal: "SIGINT", afterMs: 0 },
        { signal: "SIGTERM", afterMs: graceMs },
        { signal: "SIGKILL", afterMs: graceMs + TERM_GRACE_MS },
      ];
    case "terminate":
      return [
        { signal: "SIGTERM", afterMs: 0 },
        { signal: "SIGKILL", afterMs: TERM_GRACE_MS },
      ];
    case "kill":
      return [{ signal: "SIGKILL", afterMs: 0 }];
  }
}
