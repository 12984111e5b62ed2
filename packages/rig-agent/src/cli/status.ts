import { readIdentity } from "../adapters/state/identity.ts";
import { readStatus, type AgentStatus } from "../adapters/state/status.ts";
import { agentConfig } from "../config/config.ts";
import { readEnvironment } from "../config/env.ts";

const NO_AGENT = 5;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function described(status: AgentStatus): string {
  const link = status.connected ? "connected" : "not connected";
  const attempts = status.attempts.map(({ attempt, state }) => `\n  ${attempt}  ${state}`).join("");
  return `running (process ${String(status.pid)}), ${link}, ${String(status.slotsFree)} of ${String(status.slots)} slots free${attempts}`;
}

/** Says what the agent of this machine does; gives the exit status. Throws `NotFound` when the machine is not enrolled. */
export async function printStatus(
  given: { state?: string | undefined; isJson: boolean },
  print: (text: string) => void,
): Promise<number> {
  const { stateDir } = agentConfig({ stateDir: given.state }, readEnvironment());
  const identity = await readIdentity(stateDir);
  const status = await readStatus(stateDir);
  const running = status !== null && isAlive(status.pid) ? status : null;
  if (given.isJson) {
    print(
      JSON.stringify({
        rigId: identity.rigId,
        name: identity.name,
        serverUrl: identity.serverUrl,
        running: running !== null,
        status: running,
      }),
    );
  } else {
    print(`${identity.name} (${identity.rigId}) at ${identity.serverUrl}`);
    print(running ? described(running) : "no agent runs here");
  }
  return running ? 0 : NO_AGENT;
}
