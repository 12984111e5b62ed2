import { randomBytes } from "node:crypto";
import { uptime } from "node:os";
import type { Clock, Random } from "../../app/ports.ts";

const SUSPEND_CHECK_MS = 1_000;
const SUSPEND_MIN_MS = 2_000;

/**
 * The wall clock at start, carried on by the machine's monotone clock and by the time it was suspended: setting the wall
 * clock back or forth while the server runs moves no lease and no deadline.
 */
export function createSystemClock(): Clock {
  const startUptimeMs = uptime() * 1000;
  const startMs = performance.now();
  let suspendedMs = 0;
  let checkedMs = startMs;
  return {
    now() {
      const nowMs = performance.now();
      if (nowMs - checkedMs >= SUSPEND_CHECK_MS || nowMs < checkedMs) {
        checkedMs = nowMs;
        const gapMs = uptime() * 1000 - startUptimeMs - (nowMs - startMs);
        if (gapMs - suspendedMs >= SUSPEND_MIN_MS) suspendedMs = gapMs; // uptime counts sleep, the monotone clock does not
      }
      return Math.floor(performance.timeOrigin + nowMs + suspendedMs);
    },
  };
}

/** The kernel's source of chance. */
export const systemRandom: Random = { bytes: (size) => randomBytes(size) };
