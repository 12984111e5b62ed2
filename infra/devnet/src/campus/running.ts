import { readCampus } from "../demo/session.ts";
import { LOOPBACK } from "../process/ports.ts";
import type { CampusPorts } from "./ports.ts";

/** Address of the demo campus that runs on these ports already; null when none answers. */
export async function runningCampus(ports: CampusPorts): Promise<string | null> {
  const url = `http://${LOOPBACK}:${String(ports.server)}`;
  try {
    return (await readCampus(url)).isDemo ? url : null;
  } catch {
    return null;
  }
}
