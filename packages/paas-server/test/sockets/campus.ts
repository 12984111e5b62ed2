import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { jobSpecSchema, NotAllowed, type JobJson, type JobSpecInput, type Nbai } from "@nebula/protocol";
import { Server } from "socket.io";
import { createEnrolmentCode } from "../../src/app/create-enrolment-code.ts";
import { createRigChallenge } from "../../src/app/create-rig-challenge.ts";
import { enrolRig } from "../../src/app/enrol-rig.ts";
import type { Authenticator, Database } from "../../src/app/ports.ts";
import { readJob } from "../../src/app/read-job.ts";
import { submitJob } from "../../src/app/submit-job.ts";
import { startScheduler } from "../../src/build-scheduler.ts";
import type { ServerConfigInput } from "../../src/config/config.ts";
import { attachCells } from "../../src/sockets/cells.ts";
import { SOCKET_OPTIONS } from "../../src/sockets/options.ts";
import { RigSockets } from "../../src/sockets/rig-link.ts";
import { attachRigs } from "../../src/sockets/rigs.ts";
import {
  aClock,
  aConfig,
  aContext,
  seedCampus,
  systemTestRandom,
  type ManualClock,
  type SeededCampus,
  type TestContext,
} from "../context.ts";
import { connectRig, INVENTORY, newRigKeys, signText, type FakeRig, type RigKeys } from "../fakes/rig.ts";
import { FakeViewer } from "../fakes/viewer.ts";

/** Tokens are usernames here; what a real token must hold is tested where tokens are verified. */
const authenticator: Authenticator = {
  async verify(token) {
    if (token === "bad") throw new NotAllowed("TOKEN_INVALID", "not a token");
    return {
      subject: token,
      username: token,
      name: token,
      roles: ["student"],
      permissions: [],
      sessionId: null,
      expiresAtMs: Number.MAX_SAFE_INTEGER,
    };
  },
};

export interface EnrolledRig {
  readonly rigId: string;
  readonly keys: RigKeys;
}

/** A socket server with scheduler over a real database; its clock stands until it is moved. */
export class TestCampus implements AsyncDisposable {
  readonly ctx: TestContext;
  readonly people: SeededCampus;
  readonly url: string;
  readonly #end: () => Promise<void>;
  readonly #epochs = new Map<string, number>();
  readonly #clients: { close(): void }[] = [];

  constructor(parts: { ctx: TestContext; people: SeededCampus; url: string; end: () => Promise<void> }) {
    this.ctx = parts.ctx;
    this.people = parts.people;
    this.url = parts.url;
    this.#end = parts.end;
  }

  /** Enrols a machine; its registration on the chain counts as mined. */
  async enrol(name = "pc1"): Promise<EnrolledRig> {
    const keys = newRigKeys();
    const { code } = await createEnrolmentCode(this.ctx, this.people.professor.id);
    const proof = signText(keys, `nebula-enrol:${code}:${keys.wireKey}`);
    const rig = await enrolRig(this.ctx, {
      code,
      name,
      wireKey: keys.wireKey,
      receiptAddress: keys.receiptAddress,
      payoutAddress: keys.receiptAddress,
      proof,
      inventory: INVENTORY,
    });
    await this.ctx.db.query("update rig set registered_tx = $2 where id = $1", [
      rig.id,
      `0x${"11".repeat(32)}`,
    ]);
    return { rigId: rig.id, keys };
  }

  /** Opens a session of an enrolled rig with the next epoch. */
  async connect(enrolled: EnrolledRig): Promise<FakeRig> {
    const epoch = (this.#epochs.get(enrolled.rigId) ?? 0) + 1;
    this.#epochs.set(enrolled.rigId, epoch);
    const { challenge } = await createRigChallenge(this.ctx, enrolled.rigId);
    const rig = await connectRig({ url: this.url, ...enrolled, epoch, challenge });
    this.#clients.push(rig);
    return rig;
  }

  /** A rig that is enrolled, connected and has said hello. */
  async rig(name = "pc1"): Promise<FakeRig> {
    const rig = await this.connect(await this.enrol(name));
    await rig.hello();
    return rig;
  }

  async viewer(username = "ada"): Promise<FakeViewer> {
    const viewer = new FakeViewer(this.url, username);
    this.#clients.push(viewer);
    await viewer.connected();
    return viewer;
  }

  submit(overrides: Partial<JobSpecInput> = {}, ceiling?: Nbai): Promise<JobJson> {
    const spec = jobSpecSchema.parse({
      v: 1,
      image: "coursework",
      class: "cpu",
      cells: [{ id: "c1", source: "print(1)", role: "run" }],
      ...overrides,
    });
    return submitJob(this.ctx, { account: this.people.student, spec, ceiling, key: null, wire: null });
  }

  job(jobId: string): Promise<JobJson> {
    return readJob(this.ctx.db, jobId, this.ctx.clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#end();
  }
}

export interface CampusOptions {
  readonly config?: Partial<ServerConfigInput>;
  /** Shared by replicas. */
  readonly clock?: ManualClock;
  /** Of the replica that seeded the database. */
  readonly people?: SeededCampus;
  /** False: nothing is placed or taken back unless the test does it. */
  readonly schedules?: boolean;
}

/** Starts a campus over `db`. Dispose of it before the database. */
export async function startCampus(db: Database, options: CampusOptions = {}): Promise<TestCampus> {
  const clock = options.clock ?? aClock();
  const link = new RigSockets({ clock, random: systemTestRandom });
  const ctx = aContext(db, {
    clock,
    rigs: link,
    config: aConfig({ limits: { queuedPerAccount: null }, times: { beatBatchMs: 5 }, ...options.config }),
  });
  const people = options.people ?? (await seedCampus(ctx));
  const server = createServer();
  const io = new Server(server, SOCKET_OPTIONS);
  const rigs = attachRigs(io, ctx, link);
  const cells = attachCells(io, ctx, authenticator);
  const scheduler = options.schedules === false ? null : startScheduler(ctx, link);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const end = async (): Promise<void> => {
    await scheduler?.[Symbol.asyncDispose]();
    rigs[Symbol.dispose]();
    cells[Symbol.dispose]();
    await io.close();
  };
  return new TestCampus({ ctx, people, url, end });
}
