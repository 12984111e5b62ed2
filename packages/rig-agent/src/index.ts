export { enrol, type EnrolOptions } from "./enrol.ts";
export { startAgent, type Agent, type StartOptions } from "./start-agent.ts";
export type { AgentOptions } from "./config/config.ts";
export type { Identity } from "./adapters/state/identity.ts";
export type { SessionLoopEnd } from "./app/session-loop.ts";
export type { Log } from "./app/ports.ts";
