import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Offer } from "@nebula/protocol";
import { enrol, startAgent, type Agent, type Log } from "../../src/index.ts";
import { CODE, FakeServer, type FakeAttempt } from "./fake-server.ts";

const execute = promisify(execFile);

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const loud: Log = { info: tell, warn: tell, error: tell };

function tell(facts: object, event: string): void {
  const error = "err" in facts ? String(facts.err) : "";
  process.stderr.write(`${event} ${JSON.stringify(facts)} ${error}\n`);
}

/** Set NEBULA_TEST_LOG to see what agents say in tests. */
export const testLog = process.env["NEBULA_TEST_LOG"] ? loud : quiet;

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** Runs the `nebula-rig` command. */
export function command(...args: string[]): ChildProcess {
  const how = process.env["NEBULA_TEST_LOG"] ? "inherit" : "ignore";
  return spawn(process.execPath, ["--conditions=@nebula/source", MAIN, ...args], {
    stdio: ["ignore", how, how],
  });
}

/** A fake server and an enrolled rig, its state in a folder of its own. */
export class TestRig implements AsyncDisposable {
  readonly server: FakeServer;
  readonly stateDir: string;
  #agent: Agent | null = null;
  #process: ChildProcess | null = null;

  private constructor(server: FakeServer, stateDir: string) {
    this.server = server;
    this.stateDir = stateDir;
  }

  static async enrol(): Promise<TestRig> {
    const server = await FakeServer.start();
    const stateDir = await mkdtemp(join(tmpdir(), "nebula-rig-"));
    // Measured once in a test of its own; the other rigs need not take the second that it lasts.
    await writeFile(join(stateDir, "speed.json"), JSON.stringify({ cpuModel: cpus()[0]?.model, gflops: 1 }));
    await enrol({ serverUrl: server.url, code: CODE, name: "test rig", stateDir });
    return new TestRig(server, stateDir);
  }

  /** An enrolled rig whose agent is connected. */
  static async started(): Promise<TestRig> {
    const rig = await TestRig.enrol();
    await rig.start();
    return rig;
  }

  /** Starts the agent in this process. */
  async start(): Promise<Agent> {
    const hellos = this.server.hellos.length;
    const slots = { cpuSlots: 2, memoryMiBPerSlot: 512 };
    this.#agent = await startAgent({ stateDir: this.stateDir, log: testLog, slots });
    await this.server.until(() => this.server.hellos.length > hellos);
    return this.#agent;
  }

  /** Starts the agent as a process of its own. */
  async startProcess(): Promise<ChildProcess> {
    const hellos = this.server.hellos.length;
    this.#process = command("run", "--state", this.stateDir, "--slots", "2", "--on-stop", "end");
    await this.server.until(() => this.server.hellos.length > hellos);
    return this.#process;
  }

  /** Offers a job and waits until it has shown `text`. */
  async running(offer: Offer, text: string): Promise<FakeAttempt> {
    await this.server.offer(offer);
    const attempt = this.server.attempt(offer.attempt);
    await this.server.until(() => attempt.streams.events.includes(text));
    return attempt;
  }

  /** Process id of an attempt's attacher. */
  async attacherOf(attempt: string): Promise<number> {
    const { stdout } = await execute("sh", [
      "-c",
      `for p in /proc/[0-9]*; do [ "$(readlink $p/cwd)" = "${this.folderOf(attempt)}" ] && echo \${p#/proc/}; done; true`,
    ]);
    return Number(stdout.trim());
  }

  folderOf(attempt: string): string {
    return join(this.stateDir, "attempts", attempt);
  }

  async journal(): Promise<string> {
    return readFile(join(this.stateDir, "journal.jsonl"), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
    if (this.#process?.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill("SIGTERM");
      await once(this.#process, "exit");
    }
    const ids = (
      await docker("ps", "-aq", "--filter", `label=nebula.rig=${this.server.rigId}`).catch(() => "")
    )
      .split("\n")
      .filter(Boolean);
    if (ids.length > 0) await docker("rm", "-f", ...ids);
    await this.server[Symbol.asyncDispose]();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

/** Runs the docker command and gives what it prints. */
export async function docker(...args: string[]): Promise<string> {
  return (await execute("docker", args)).stdout.trim();
}

/** The container of an attempt as the engine names it. */
export const containerOf = (offer: Offer): string => `nebula-${offer.attempt}`;

/** Names of this rig's containers, running or not. */
export async function containersOf(rig: TestRig): Promise<string[]> {
  const names = await docker(
    "ps",
    "-a",
    "--filter",
    `label=nebula.rig=${rig.server.rigId}`,
    "--format",
    "{{.Names}}",
  );
  return names.split("\n").filter(Boolean);
}
