import type { ContainerPlan } from "../domain/plan.ts";

/** Files of an attempt's folder. The attacher's working directory is that folder. */
export const ATTEMPT_FILES = {
  offer: "offer.json",
  plan: "plan.json",
  document: "document.json",
  control: "control.sock",
  events: "events",
  stderr: "stderr",
  exit: "exit.json",
  log: "attacher.log",
} as const;

/** What the attacher is told to do: written by the agent before the attacher starts, never changed. */
export interface AttacherPlan {
  readonly attempt: string;
  readonly containerName: string;
  /** Path of the container engine's socket. */
  readonly engineSocket: string;
  readonly create: ContainerPlan;
  /** Longest run from the container's start, milliseconds on the boot-time clock, and what the limit comes from. */
  readonly runMs: number;
  readonly runReason: "time-limit" | "ceiling";
  /** Bytes of users' output that the transcript keeps. */
  readonly transcriptBytes: number;
  /** Without an acknowledged beat for so long, the attacher kills the container. */
  readonly deadManMs: number;
  /** Boot-time milliseconds at which the last acknowledged beat was sent, when the attempt was accepted. */
  readonly aliveAtMs: number;
}

/** Why a run was stopped from this side; `fenced` ends it without a report. */
export type StopReason = "cancelled" | "time-limit" | "ceiling" | "dead-man" | "fenced" | "rig-fault";

/** Last word on a run; written once, atomically. */
export interface ExitRecord {
  /** Exit status of the container; null when it never started. */
  readonly code: number | null;
  readonly oomKilled: boolean;
  readonly reason:
    | "ended"
    | "cancelled"
    | "time-limit"
    | "ceiling"
    | "killed-outside"
    | "start-failed"
    | "rig-fault"
    | "dead-man";
  readonly detail: string;
  /** Milliseconds from start to end of the container on a monotone clock; 0 when it never started. */
  readonly usedMs: number;
  /** The runner's `result` frame as it wrote it, or null. */
  readonly result: string | null;
}

/** One line of JSON each, attacher → agent. */
export type AttacherNotice =
  /** Sent first on every connection, and after each change. */
  | {
      readonly t: "progress";
      readonly phase: "preparing" | "running" | "stopping";
      readonly startedAtMs: number | null;
      readonly events: number;
      readonly stderr: number;
    }
  /** A signal of the ladder was sent to the container. */
  | { readonly t: "rung"; readonly signal: string; readonly reason: StopReason }
  /** `exit.json` is written; the attacher ends. */
  | { readonly t: "exited" };

/** One line of JSON each, agent → attacher. */
export type AttacherCommand =
  | { readonly t: "alive"; readonly atMs: number; readonly deadManMs: number }
  | {
      readonly t: "stop";
      readonly mode: "interrupt" | "kill";
      readonly reason: StopReason;
      readonly graceMs: number;
    }
  /** A line for the container's standard input. */
  | { readonly t: "input"; readonly line: string };
