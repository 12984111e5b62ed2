import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { BrowserFacts } from "./global-setup.ts";

const execute = promisify(execFile);

/** Python that waits until the test opens the gate. */
export const GATE = `
import os, time
while not os.path.exists("/job/open"): time.sleep(0.02)
`;

/** Lets the one job go on that stands at its gate. */
export async function openGate({ rigId }: BrowserFacts): Promise<void> {
  const { stdout } = await execute("docker", ["ps", "--quiet", "--filter", `label=nebula.rig=${rigId}`]);
  const container = stdout.trim();
  if (!/^[0-9a-f]+$/.test(container)) throw new Error(`expected one running job, got: ${container}`);
  await execute("docker", ["exec", container, "touch", "/job/open"]);
}
