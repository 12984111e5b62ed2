import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enrol, startAgent, type Agent, type Log } from "../../src/index.ts";
import { CODE, FakeServer } from "./fake-server.ts";

export const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const loud: Log = {
  info: (facts, event) => process.stderr.write(`info ${event} ${JSON.stringify(facts)}\n`),
  warn: (facts, event) =>
    process.stderr.write(
      `warn ${event} ${JSON.stringify(facts)} ${String((facts as { err?: unknown }).err)}\n`,
    ),
  error: (facts, event) => process.stderr.write(`error ${event} ${JSON.stringify(facts)}\n`),
};

export const testLog = process.env["NEBULA_TEST_LOG"] ? loud : quiet;

/** A fake server and an enrolled rig, its state in a folder of its own. */
export class TestRig implements AsyncDisposable {
  readonly server: FakeServer;
  readonly stateDir: string;
  #agent: Agent | null = null;

  private constructor(server: FakeServer, stateDir: string) {
    this.server = server;
    this.stateDir = stateDir;
  }

  static async enrol(): Promise<TestRig> {
    const server = await FakeServer.start();
    const stateDir = await mkdtemp(join(tmpdir(), "nebula-rig-"));
    await enrol({ serverUrl: server.url, code: CODE, name: "test rig", stateDir });
    return new TestRig(server, stateDir);
  }

  async start(): Promise<Agent> {
    this.#agent = await startAgent({
      stateDir: this.stateDir,
      log: testLog,
      slots: { cpuSlots: 2, memoryMiBPerSlot: 512 },
    });
    await this.server.until(() => this.server.isRigConnected && this.server.hellos.length > 0);
    return this.#agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}
