import type { IDisposable } from "@lumino/disposable";
import { Signal, type ISignal } from "@lumino/signaling";
import { NebulaError, Unavailable, type Campus, type Me, type Offerings } from "@nebula/protocol";
import type { Client, Session } from "@nebula/client";
import type { popupSignIn } from "@nebula/client/browser";
import type { createClient } from "@nebula/client";

/**
 * Where the way to the campus stands.
 *
 *     connecting ─→ signed-out ─→ signing-in ─→ signed-in
 *        ↑ ↓           ↑ ↑            │            │
 *        away          │ └────────────┘            │
 *                      └───────────────────────────┘
 *
 * `away` keeps trying. Local work never waits for any of it.
 */
export type CampusState = "connecting" | "away" | "signed-out" | "signing-in" | "signed-in";

/** What the session needs from outside. */
export interface CampusParts {
  readonly createClient: typeof createClient;
  readonly popupSignIn: typeof popupSignIn;
  readonly window: Window;
  /** Taken at start-up, before any page code can replace it. */
  readonly fetch: typeof fetch;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 30_000;

/** One campus, and who is signed in to it. Tokens stay inside the client's session; nothing is stored. */
export class CampusSession implements IDisposable {
  readonly #parts: CampusParts;
  readonly #changed = new Signal<this, void>(this);
  #serverUrl: string;
  #client: Client;
  #state: CampusState = "connecting";
  #campus: Campus | null = null;
  #offerings: Offerings | null = null;
  #me: Me | null = null;
  #session: Session | null = null;
  #problem: NebulaError | null = null;
  #watch: Disposable | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #isDisposed = false;

  constructor(serverUrl: string, parts: CampusParts) {
    this.#parts = parts;
    this.#serverUrl = serverUrl;
    this.#client = this.#makeClient();
  }

  /** Emitted whenever something that can be read here has changed. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  get state(): CampusState {
    return this.#state;
  }

  get serverUrl(): string {
    return this.#serverUrl;
  }

  /** Null until the campus has answered for the first time. */
  get campus(): Campus | null {
    return this.#campus;
  }

  get offerings(): Offerings | null {
    return this.#offerings;
  }

  /** Null unless signed in. */
  get me(): Me | null {
    return this.#me;
  }

  /** Why the last attempt to connect or to sign in failed; null when it did not. */
  get problem(): NebulaError | null {
    return this.#problem;
  }

  get client(): Client {
    return this.#client;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Asks the campus who it is, again and again until it answers. */
  async connect(retryMs = RETRY_FIRST_MS): Promise<void> {
    const client = this.#client;
    try {
      const [campus, offerings] = await Promise.all([client.call("getCampus"), client.call("getOfferings")]);
      if (client !== this.#client) return;
      this.#campus = campus;
      this.#offerings = offerings;
      this.#move(this.#session ? "signed-in" : "signed-out", null);
    } catch (error) {
      if (client !== this.#client || this.#isDisposed) return;
      this.#move("away", asNebulaError(error));
      this.#retry = setTimeout(() => void this.connect(Math.min(retryMs * 2, RETRY_LAST_MS)), retryMs);
    }
  }

  /** Turns to another campus; whoever was signed in is signed out. */
  async moveTo(serverUrl: string): Promise<void> {
    if (serverUrl === this.#serverUrl) return;
    await this.signOut();
    this.#stopClient();
    this.#serverUrl = serverUrl;
    this.#campus = null;
    this.#offerings = null;
    this.#client = this.#makeClient();
    this.#move("connecting", null);
    await this.connect();
  }

  /**
   * Signs in by a popup. Call it in the click handler: the browser blocks popups that open later. Throws what the
   * sign-in throws, or `Unavailable` (SERVER_AWAY) while the campus has not answered.
   */
  async signIn(): Promise<void> {
    if (this.#session) return;
    const campus = this.#campus;
    if (campus === null)
      throw new Unavailable("SERVER_AWAY", `The campus server at ${this.#serverUrl} does not answer`);
    this.#move("signing-in", null);
    try {
      const { window, fetch, popupSignIn } = this.#parts;
      this.#begin(await popupSignIn({ campus, window, fetch }));
    } catch (error) {
      // A second press while the first window is open: the first one's failure must not sign the second out.
      if (this.#state === "signing-in") this.#move("signed-out", asNebulaError(error));
      throw error;
    }
    await this.refresh();
  }

  async signOut(): Promise<void> {
    await this.#session?.signOut();
  }

  /** Reads again who is signed in and what is left. Does nothing when signed out. */
  async refresh(): Promise<void> {
    if (!this.#session) return;
    try {
      const me = await this.#client.call("getMe");
      // It may have ended meanwhile.
      if (this.#state === "signed-in") this.#me = me;
      this.#problem = null;
    } catch (error) {
      this.#problem = asNebulaError(error);
    }
    this.#changed.emit();
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#stopClient();
    Signal.clearData(this);
  }

  #makeClient(): Client {
    return this.#parts.createClient({
      serverUrl: this.#serverUrl,
      accessToken: async () => (await this.#session?.accessToken()) ?? null,
      fetch: this.#parts.fetch,
    });
  }

  #stopClient(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
    void this.#client[Symbol.asyncDispose]();
  }

  #begin(session: Session): void {
    this.#session = session;
    session.onEnded(() => {
      if (this.#session === session) this.#end();
    });
    this.#watch = this.#client.watchBalance(() => void this.refresh());
    this.#move("signed-in", null);
  }

  #end(): void {
    this.#session = null;
    this.#me = null;
    // The socket carries the old person's token; the next one gets a fresh client.
    this.#stopClient();
    this.#client = this.#makeClient();
    this.#move("signed-out", null);
  }

  #move(state: CampusState, problem: NebulaError | null): void {
    if (this.#isDisposed) return;
    this.#state = state;
    this.#problem = problem;
    this.#changed.emit();
  }
}

/** The error as one of ours; whatever else was thrown counts as the campus being out of reach. */
export function asNebulaError(error: unknown): NebulaError {
  if (error instanceof NebulaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Unavailable("SERVER_AWAY", message, { cause: error });
}
