import type { ServerConfig } from "../config/config.ts";

/** Most attempts of one job that rigs may lose or spoil before the job fails. */
export const ATTEMPTS_MAX = 3;
/** Longest way from accepted to running. */
export const PREPARE_MS_MAX = 15 * 60_000;
/** How far past its run limit an attempt may go before the server tells the rig to kill it. */
export const OVERRUN_KILL_MS = 30_000;
/** … and before its lease is taken away. */
export const OVERRUN_LOST_MS = 5 * 60_000;
/** Longest way from exited to sealed. */
export const SEAL_MS_MAX = 10 * 60_000;
/** A rig whose last beat is older counts as away and gets no job. */
export const BEATS_MISSED_MAX = 2.5;

type Times = ServerConfig["times"];

/** How long after the end of an unrenewed lease the attempt is given up: by then the rig's dead man has stopped it. */
export function expiryGraceMs(times: Times): number {
  return times.requeueAfterMs - times.leaseMs;
}

/** Oldest beat, unix milliseconds, of a rig that counts as there. */
export function freshBeatSince(times: Times, nowMs: number): number {
  return nowMs - times.beatMs * BEATS_MISSED_MAX;
}
