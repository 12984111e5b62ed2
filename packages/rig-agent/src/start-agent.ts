import { randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { ProcessAttachers } from "./adapters/attacher/attachers.ts";
import { dockerEngine } from "./adapters/docker/engine.ts";
import { linuxHost, systemClock } from "./adapters/host/host.ts";
import { FileJournal } from "./adapters/journal/journal.ts";
import { sessionOpener } from "./adapters/server/session.ts";
import { measuredSpeed } from "./adapters/speed/measure.ts";
import { attemptFolders } from "./adapters/state/folders.ts";
import { nextEpoch, readIdentity } from "./adapters/state/identity.ts";
import { readKeys } from "./adapters/state/keys.ts";
import { lockState } from "./adapters/state/lock.ts";
import { writeStatus } from "./adapters/state/status.ts";
import { AgentCore, type AgentParts } from "./app/agent.ts";
import type { Log } from "./app/ports.ts";
import type { SessionLoopEnd } from "./app/session-loop.ts";
import { Uplink } from "./app/uplink.ts";
import { agentConfig, type AgentConfig, type AgentOptions } from "./config/config.ts";
import { readEnvironment } from "./config/env.ts";
import { slotsOf } from "./domain/slots.ts";
import { AGENT_VERSION } from "./version.ts";

export interface StartOptions extends AgentOptions {
  /** Where the agent reports; default: JSON lines on standard output. */
  readonly log?: Log;
}

/** A running agent. Disposing it ends the runs; `stop({ mode: "leave" })` leaves them to their attachers, for an upgrade. */
export interface Agent extends AsyncDisposable {
  readonly rigId: string;
  readonly isConnected: boolean;
  /** Resolves when the agent no longer works: stopped, superseded by another agent with the same key, or refused by the server. */
  readonly ended: Promise<SessionLoopEnd>;
  stop(options: { readonly mode: "leave" | "end" }): Promise<void>;
}

const random = (): number => randomInt(2 ** 32) / 2 ** 32;

async function partsOf(
  config: AgentConfig,
  options: Pick<AgentParts, "log" | "attachers" | "onChange"> & { journal: FileJournal },
): Promise<AgentParts> {
  const { stateDir, engineSocket, imagePrefixes } = config;
  const identity = await readIdentity(stateDir);
  const keys = await readKeys(stateDir);
  const engine = dockerEngine({ socketPath: engineSocket, imagePrefixes });
  const host = linuxHost(stateDir);
  const inventory = await host.inventory(await engine.version());
  const { serverUrl, rigId } = identity;
  return {
    ...options,
    rigId,
    version: AGENT_VERSION,
    inventory,
    slots: slotsOf(inventory, config.slots),
    measured: await measuredSpeed(stateDir, inventory),
    engine,
    engineSocket,
    host,
    bootId: host.bootId,
    clock: systemClock,
    random,
    uplink: new Uplink(systemClock),
    signer: keys,
    folders: attemptFolders(join(stateDir, "attempts")),
    found: options.journal.found,
    open: sessionOpener({
      serverUrl,
      rigId,
      signWire: (bytes) => keys.signWire(bytes),
      nextEpoch: () => nextEpoch(stateDir),
      clock: systemClock,
    }),
  };
}

function statusWriter(stateDir: string, log: Log) {
  let last = Promise.resolve();
  return (parts: AgentParts, core: AgentCore): void => {
    const { rigId, slots, measured } = parts;
    const attempts = core.attempts.all.map(({ offer, state }) => ({ attempt: offer.attempt, state }));
    const slotsFree = core.attempts.freeSlots(slots).length;
    const status = {
      pid: process.pid,
      rigId,
      connected: core.isConnected,
      slots: slots.length,
      slotsFree,
      attempts,
      measuredGflops: measured.gflops,
    };
    last = last
      .then(() => writeStatus(stateDir, status))
      .catch((err: unknown) => log.warn({ err }, "status not written"));
  };
}

/**
 * Starts the agent of an enrolled machine. Throws `NotFound` when it is not enrolled, `Conflict` when an agent runs on the same state
 * folder, `Unavailable` when Docker does not answer, `InvalidInput` on wrong settings.
 */
export async function startAgent(options: StartOptions): Promise<Agent> {
  const { log = pino({ name: "nebula-rig", level: readEnvironment().logLevel ?? "info" }), ...given } =
    options;
  const config = agentConfig(given, readEnvironment());
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  await using started = new AsyncDisposableStack();
  started.adopt(await lockState(config.stateDir), (lock) => lock.release());
  const journal = started.use(await FileJournal.open(join(config.stateDir, "journal.jsonl")));
  const attachers = started.use(new ProcessAttachers());
  const write = statusWriter(config.stateDir, log);
  const parts = await partsOf(config, { log, journal, attachers, onChange: () => write(parts, core) });
  const core: AgentCore = new AgentCore(parts);
  const held = started.move();
  let stopped: Promise<void> | null = null;
  const stop = ({ mode }: { mode: "leave" | "end" }): Promise<void> =>
    (stopped ??= core.stop(mode).finally(() => held.disposeAsync()));
  return {
    rigId: parts.rigId,
    get isConnected() {
      return core.isConnected;
    },
    ended: core.ended,
    stop,
    [Symbol.asyncDispose]: () => stop({ mode: "end" }),
  };
}
