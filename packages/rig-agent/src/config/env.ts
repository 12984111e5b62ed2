/** The environment variables that the agent reads, as they stand; `config.ts` checks them. */
export interface AgentEnvironment {
  readonly stateDir: string | undefined;
  readonly dockerHost: string | undefined;
  readonly logLevel: string | undefined;
}

export function readEnvironment(): AgentEnvironment {
  return {
    stateDir: process.env["NEBULA_RIG_STATE"],
    dockerHost: process.env["DOCKER_HOST"],
    logLevel: process.env["NEBULA_LOG"],
  };
}
