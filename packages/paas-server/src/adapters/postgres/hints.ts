import pg from "pg";
import type { Hint, Hints, Logger } from "../../app/ports.ts";
import { connectionConfig } from "./database.ts";

const CHANNEL = "nebula_hint";
/** At most ten notifications a second leave a replica. */
const FLUSH_MS = 100;
/** A notification carries at most 8,000 bytes; what does not fit is lost, as hints may be. */
const PAYLOAD_HINTS_MAX = 60;

export interface HintBoard extends Hints, AsyncDisposable {}

function isHint(value: unknown): value is Hint {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
}

function parseHints(payload: string, self: string): readonly Hint[] {
  const parsed: unknown = JSON.parse(payload);
  if (typeof parsed !== "object" || parsed === null || !("from" in parsed) || !("hints" in parsed)) return [];
  if (parsed.from === self || !Array.isArray(parsed.hints)) return [];
  return parsed.hints.filter(isHint);
}

/** Tells the listeners of this process at once and gathers what other replicas are told. */
class Board implements HintBoard {
  readonly #listeners = new Set<(hint: Hint) => void>();
  readonly #waiting = new Map<string, Hint>();
  readonly #self: string;
  readonly #url: string;
  readonly #log: Logger;
  #client: pg.Client | null = null;
  #connecting: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: { readonly url: string; readonly replica: string; readonly log: Logger }) {
    this.#url = options.url;
    this.#self = options.replica;
    this.#log = options.log;
  }

  give(hint: Hint): void {
    this.#tell(hint);
    if (this.#isClosed) return;
    this.#waiting.set(JSON.stringify(hint), hint);
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_MS);
  }

  listen(listener: (hint: Hint) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Opens the connection on which other replicas are heard. */
  connect(): Promise<void> {
    this.#connecting ??= this.#open().finally(() => (this.#connecting = null));
    return this.#connecting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#connecting?.catch(() => undefined);
    await this.#client?.end().catch(() => undefined);
  }

  #tell(hint: Hint): void {
    for (const listener of [...this.#listeners]) listener(hint);
  }

  async #open(): Promise<void> {
    const client = new pg.Client({ ...connectionConfig(this.#url), application_name: "nebula-hints" });
    client.on("error", (error) => {
      this.#log.warn({ err: error.message }, "hint connection lost");
      this.#client = null;
    });
    client.on("notification", (message) => {
      for (const hint of parseHints(message.payload ?? "{}", this.#self)) this.#tell(hint);
    });
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    this.#client = client;
  }

  async #flush(): Promise<void> {
    this.#timer = null;
    const hints = [...this.#waiting.values()].slice(0, PAYLOAD_HINTS_MAX);
    this.#waiting.clear();
    try {
      if (this.#client === null) await this.connect();
      await this.#client?.query("select pg_notify($1, $2)", [
        CHANNEL,
        JSON.stringify({ from: this.#self, hints }),
      ]);
    } catch (error) {
      // why: a hint may be lost; every reader polls as well
      this.#log.debug({ err: error instanceof Error ? error.message : "unknown" }, "hints not sent");
    }
  }
}

/** Hints within this replica and between replicas. `replica` is unique per process. */
export async function openHints(options: {
  readonly url: string;
  readonly replica: string;
  readonly log: Logger;
}): Promise<HintBoard> {
  const board = new Board(options);
  await board
    .connect()
    .catch((error: unknown) =>
      options.log.warn(
        { err: error instanceof Error ? error.message : "unknown" },
        "hints start without the database",
      ),
    );
  return board;
}
