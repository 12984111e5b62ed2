import type { Client, FollowOptions, Session } from "@nebula/client";
import {
  NotFound,
  type Campus,
  type Job,
  type Me,
  type NebulaError,
  type Offerings,
  type TranscriptEvent,
} from "@nebula/protocol";
import { CampusSession } from "../src/session/campus-session.ts";
import { aJob } from "./a-job.ts";

const address = `0x${"a1".repeat(20)}`;

export const CAMPUS: Campus = {
  name: "Test campus",
  version: "0.1.0",
  issuer: "https://issuer.test/realms/nebula",
  clientId: "nebula-lab",
  redirectUri: "https://campus.test/auth/callback",
  chain: { chainId: 31_337, rpcUrl: "https://chain.test", token: address, escrow: address },
  isDemo: true,
};

/** One class without a GPU: a minute costs 0.002 NBAI. */
export const OFFERINGS: Offerings = {
  rateVersion: 1,
  classes: [
    {
      name: "cpu",
      title: "CPU",
      speedMilli: 20,
      unitPrice: 100_000_000_000_000_000n,
      pricePerMinute: 2_000_000_000_000_000n,
      cpus: 1,
      memoryMiB: 2048,
      gpu: null,
      rigsOnline: 1,
    },
  ],
  images: [{ name: "coursework", title: "Coursework", tag: "t" }],
  defaultClass: "cpu",
  defaultImage: "coursework",
};

const NBAI = 10n ** 18n;
export const ME: Me = {
  subject: "s-1",
  username: "ada",
  name: "Ada Lovelace",
  roles: ["student"],
  permissions: ["job.submit"],
  address,
  custody: "managed",
  balance: { granted: 10n * NBAI, held: NBAI / 50n, spent: NBAI / 2n, left: (948n * NBAI) / 100n },
  allocations: [],
};

type Answers = Record<
  string,
  (input: { body?: unknown; params?: unknown; idempotencyKey?: string }) => unknown
>;

/** A campus in memory: answers what it was told to answer, and fails on anything else. */
export class FakeCampus {
  /** Names and inputs of the calls, in order. */
  readonly calls: { name: string; key: string | undefined; body: unknown }[] = [];
  readonly answers: Answers = {
    getCampus: () => CAMPUS,
    getOfferings: () => OFFERINGS,
    getMe: () => ME,
    submitJob: () => this.job,
    getJob: () => this.job,
  };
  job: Job = aJob();
  events: readonly TranscriptEvent[] = [];
  readonly followed: FollowOptions[] = [];
  readonly inputs: string[] = [];
  #unseen = new Map<FollowOptions, (job: Job | Error) => void>();

  readonly client: Client = {
    serverUrl: "https://campus.test",
    call: (async (name: string, input: Parameters<Answers[string]>[0] = {}) => {
      this.calls.push({ name, key: input.idempotencyKey, body: input.body });
      const answer = this.answers[name];
      if (!answer) throw new Error(`Nobody expected a call of ${name}`);
      return answer(input);
    }) as Client["call"], // answers are typed by the tests that give them
    follow: (_, options = {}) => this.#follow(options),
    watchBalance: () => ({ [Symbol.dispose]: () => undefined }),
    answerInput: async (_, id, value) => void this.inputs.push(`${id}=${value}`),
    [Symbol.asyncDispose]: async () => undefined,
  };

  /** Tells every follower how the job stands now, with the events it has not seen. */
  tell(job: Job, events: readonly TranscriptEvent[] = []): void {
    this.job = job;
    this.events = [...this.events, ...events];
    for (const [options, resolve] of [...this.#unseen]) this.#deliver(options, events, resolve);
  }

  /** Fails every follower, as when the sign-in ends. */
  cut(error: NebulaError): void {
    for (const fail of this.#unseen.values()) fail(error);
    this.#unseen.clear();
  }

  #follow(options: FollowOptions): Promise<Job> {
    this.followed.push(options);
    const { promise, resolve, reject } = Promise.withResolvers<Job>();
    const settle = (answer: Job | Error): void =>
      answer instanceof Error ? reject(answer) : resolve(answer);
    options.signal?.addEventListener("abort", () =>
      settle(new NotFound("JOB_UNKNOWN", "no longer followed")),
    );
    this.#unseen.set(options, settle);
    this.#deliver(
      options,
      this.events.filter((event) => event.seq > (options.since ?? 0)),
      settle,
    );
    return promise;
  }

  #deliver(options: FollowOptions, events: readonly TranscriptEvent[], resolve: (job: Job) => void): void {
    if (events.length > 0) options.onEvents?.(events);
    options.onJob?.(this.job);
    const { state } = this.job;
    const isOver = options.untilSettled
      ? state === "settled"
      : !["draft", "queued", "running"].includes(state);
    if (!isOver) return;
    this.#unseen.delete(options);
    resolve(this.job);
  }
}

/** A session that lasts until `end` is called. */
export function aSession(): Session & { end: () => void } {
  const listeners = new Set<() => void>();
  let isOver = false;
  const end = (): void => {
    isOver = true;
    for (const listener of listeners) listener();
  };
  return {
    accessToken: async () => (isOver ? null : "token"),
    signOut: async () => end(),
    onEnded: (ended) => {
      listeners.add(ended);
      return { [Symbol.dispose]: () => listeners.delete(ended) };
    },
    end,
  };
}

/** The way to `campus`, where a press of sign-in is answered by `signIn`. */
export function aCampusSession(
  campus: FakeCampus,
  signIn: () => Promise<Session> = async () => aSession(),
): CampusSession {
  return new CampusSession("https://campus.test", {
    createClient: () => campus.client,
    popupSignIn: signIn,
    window,
    fetch: () => {
      throw new Error("The fake campus is not called by HTTP");
    },
  });
}

/** The same, connected and signed in. */
export async function aSignedInSession(campus: FakeCampus): Promise<CampusSession> {
  const session = aCampusSession(campus);
  await session.connect();
  await session.signIn();
  return session;
}
