import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sessionOpener } from "../../src/adapters/server/session.ts";
import { FileJournal } from "../../src/adapters/journal/journal.ts";
import { systemClock } from "../../src/adapters/host/host.ts";
import { attemptFolders } from "../../src/adapters/state/folders.ts";
import { makeKeys } from "../../src/adapters/state/keys.ts";
import { postEnrolment } from "../../src/adapters/server/http.ts";
import { AgentCore, type AgentParts } from "../../src/app/agent.ts";
import type { AttacherLink, Attachers, ContainerEngine } from "../../src/app/ports.ts";
import { Uplink } from "../../src/app/uplink.ts";
import type { AttacherCommand, AttacherNotice, ExitRecord } from "../../src/attacher/records.ts";
import { CODE, FakeServer } from "./fake-server.ts";
import { SCRIPTED_IMAGE } from "./scripted-image.ts";
import { testLog } from "./rig.ts";

const INVENTORY = {
  hostname: "fake",
  arch: "x64",
  cpuModel: "fake",
  cpus: 4,
  memoryMiB: 8_192,
  diskFreeMiB: 50_000,
  engine: "docker 20",
  gpus: [],
};

/** An attacher that runs nothing: the test says what it wrote and how it ended. */
export class FakeRun implements AttacherLink {
  readonly commands: AttacherCommand[] = [];
  readonly ended: Promise<void>;
  readonly #folder: string;
  readonly #onNotice: (notice: AttacherNotice) => void;
  #events = 0;
  #end: () => void = () => undefined;

  constructor(folder: string, onNotice: (notice: AttacherNotice) => void) {
    this.#folder = folder;
    this.#onNotice = onNotice;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  send(command: AttacherCommand): void {
    this.commands.push(command);
    if (command.t === "stop")
      void this.exit({ reason: command.reason === "fenced" ? "cancelled" : command.reason, code: 137 });
  }

  close(): void {
    this.#end();
  }

  async write(bytes: string | Buffer): Promise<void> {
    await appendFile(join(this.#folder, "events"), bytes);
    this.#events += Buffer.byteLength(bytes);
    this.#onNotice({
      t: "progress",
      phase: "running",
      startedAtMs: systemClock.bootMs(),
      events: this.#events,
      stderr: 0,
    });
  }

  async exit(changes: Partial<ExitRecord> = {}): Promise<void> {
    const result = JSON.stringify({ t: "result", n: 0, outcome: "ok", usedMs: 5, artefacts: [] });
    const record: ExitRecord = {
      code: 0,
      oomKilled: false,
      reason: "ended",
      detail: "",
      usedMs: 1_000,
      result,
      ...changes,
    };
    await writeFile(join(this.#folder, "exit.json"), JSON.stringify(record));
    this.#end();
  }

  /** Goes without a last word. */
  die(): void {
    this.#end();
  }
}

/** The agent without containers: real journal, folders, keys and socket; attachers and engine are fakes. */
export class TestCore implements AsyncDisposable {
  readonly server: FakeServer;
  readonly stateDir: string;
  readonly runs = new Map<string, FakeRun>();
  readonly removed: string[] = [];
  diskFreeMiB = 50_000;
  #core: AgentCore | null = null;
  #journal: FileJournal | null = null;
  #epoch = 0;

  private constructor(server: FakeServer, stateDir: string) {
    this.server = server;
    this.stateDir = stateDir;
  }

  static async started(): Promise<TestCore> {
    const server = await FakeServer.start();
    const stateDir = await mkdtemp(join(tmpdir(), "nebula-core-"));
    const test = new TestCore(server, stateDir);
    const keys = await makeKeys(stateDir);
    await postEnrolment(server.url, {
      code: CODE,
      name: "fake",
      wireKey: keys.wirePublic,
      receiptAddress: keys.address,
      payoutAddress: keys.address,
      proof: keys.signText(`nebula-enrol:${CODE}:${keys.wirePublic}`),
      inventory: INVENTORY,
    });
    await test.start();
    return test;
  }

  get core(): AgentCore {
    if (!this.#core) throw new Error("The agent does not run");
    return this.#core;
  }

  /** Starts an agent on the state folder and waits until it is connected. */
  async start(changes: Partial<AgentParts> = {}): Promise<AgentCore> {
    this.#journal = await FileJournal.open(join(this.stateDir, "journal.jsonl"));
    const hellos = this.server.hellos.length;
    this.#core = new AgentCore({ ...(await this.#parts(this.#journal)), ...changes });
    await this.server.until(() => this.server.hellos.length > hellos);
    return this.#core;
  }

  /** Lets go of the agent as if it had been killed: runs and journal stay as they are. */
  async leave(): Promise<void> {
    await this.#core?.stop("leave");
    await this.#journal?.[Symbol.asyncDispose]();
    this.#core = null;
  }

  run(attempt: string): FakeRun {
    const run = this.runs.get(attempt);
    if (!run) throw new Error(`No run of ${attempt}`);
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
    await this.server[Symbol.asyncDispose]();
    await rm(this.stateDir, { recursive: true, force: true });
  }

  async #parts(journal: FileJournal): Promise<AgentParts> {
    const keys = await makeKeys(this.stateDir);
    const slot = (id: string) => ({ id, cpus: 1, memoryMiB: 2_048, gpuUuid: null });
    return {
      rigId: this.server.rigId,
      version: "0",
      bootId: "boot-1",
      inventory: INVENTORY,
      slots: [slot("cpu-0"), slot("cpu-1")],
      measured: { gflops: 1, speedMilli: 1 },
      engineSocket: "/nowhere",
      random: () => 0,
      found: journal.found,
      journal,
      log: testLog,
      clock: systemClock,
      uplink: new Uplink(systemClock),
      signer: keys,
      onChange: () => undefined,
      engine: this.#engine(),
      folders: attemptFolders(join(this.stateDir, "attempts")),
      attachers: this.#attachers(),
      host: {
        bootId: "boot-1",
        inventory: async () => INVENTORY,
        load: async () => ({ load1: 0, memoryFreeMiB: 1_000, diskFreeMiB: this.diskFreeMiB }),
      },
      open: sessionOpener({
        serverUrl: this.server.url,
        rigId: this.server.rigId,
        clock: systemClock,
        replyTimeoutMs: 300,
        signWire: (bytes) => keys.signWire(bytes),
        nextEpoch: async () => (this.#epoch += 1),
      }),
    };
  }

  #attachers(): Attachers {
    const follow = (folder: string, onNotice: (notice: AttacherNotice) => void): FakeRun => {
      const run = new FakeRun(folder, onNotice);
      this.runs.set(folder.split("/").at(-1)!, run);
      return run;
    };
    return {
      launch: async (folder, onNotice) => follow(folder, onNotice),
      reach: async (folder, _waitMs, onNotice) => follow(folder, onNotice),
    };
  }

  #engine(): ContainerEngine {
    return {
      version: async () => "docker 20",
      images: async () => [SCRIPTED_IMAGE],
      image: async (tag) =>
        tag === SCRIPTED_IMAGE ? { id: `sha256:${"ab".repeat(32)}`, entrypoint: ["/run"] } : null,
      containers: async () => [],
      remove: async (container) => void this.removed.push(container),
    };
  }
}
