import type {
  CellsClientToServer,
  CellsServerToClient,
  EventBatch,
  JobJson,
  Reply,
  TranscriptEvent,
  Watching,
} from "@nebula/protocol";
import { io, type Socket } from "socket.io-client";

/** A viewer on a real socket that keeps all it is sent. */
export class FakeViewer {
  readonly socket: Socket<CellsServerToClient, CellsClientToServer>;
  readonly batches: EventBatch[] = [];
  readonly jobs: JobJson[] = [];
  balances = 0;
  readonly #listeners = new Set<() => void>();

  constructor(url: string, token: string) {
    this.socket = io(`${url}/cells`, {
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
      auth: { token },
    });
    this.socket.on("events", (batch) => this.#keep(() => this.batches.push(batch)));
    this.socket.on("job", (job) => this.#keep(() => this.jobs.push(job)));
    this.socket.on("balance", () => this.#keep(() => (this.balances += 1)));
    this.socket.on("disconnect", () => this.#keep(() => undefined));
  }

  #keep(note: () => unknown): void {
    note();
    for (const listener of [...this.#listeners]) listener();
  }

  get events(): readonly TranscriptEvent[] {
    return this.batches.flatMap((batch) => batch.events);
  }

  get text(): string {
    return this.events.map(({ frame }) => (frame.t === "stream" ? frame.content.text : "")).join("");
  }

  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.socket.connected) resolve();
      this.socket.once("connect", resolve);
      this.socket.once("connect_error", reject);
    });
  }

  async watch(jobId: string, since = 0): Promise<Reply<Watching>> {
    return (await this.socket.timeout(10_000).emitWithAck("watch", { jobId, since })) as Reply<Watching>;
  }

  until<Value>(test: () => Value | undefined | false): Promise<Value> {
    return new Promise((resolve) => {
      const look = () => {
        const value = test();
        if (value === undefined || value === false) return;
        this.#listeners.delete(look);
        resolve(value);
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Waits for the job's end and all its events. */
  over(): Promise<JobJson> {
    return this.until(() => this.jobs.findLast((job) => job.endedAtMs !== null));
  }

  close(): void {
    this.socket.disconnect();
  }
}
