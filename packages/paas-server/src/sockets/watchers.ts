import type { AppContext } from "../app/context.ts";
import type { Hint } from "../app/ports.ts";
import { readJob } from "../app/read-job.ts";
import { JobWatch, type WatchParts } from "./job-watch.ts";

/** How often watched jobs are looked at, in case a hint was lost. */
const POLL_MS = 250;
/** How often a running job's time and cost are told. */
const COST_MS = 1_000;

interface LiveRow {
  readonly id: string;
  readonly last_seq: number;
  readonly is_running: boolean;
  readonly version: string;
  readonly attempt: string | null;
  readonly rig: string | null;
}

/** What is known of a watched job. */
interface Watched {
  readonly watches: Set<JobWatch>;
  lastSeq: number;
  version: string;
  toldAtMs: number;
  /** Attempt whose rig knows that somebody looks, and that rig. */
  told: { readonly attempt: string; readonly rig: string } | null;
}

/** All viewers of this replica. What one of them is sent always comes from the database, so every replica can serve every job. */
export class Watchers {
  readonly #ctx: AppContext;
  readonly #jobs = new Map<string, Watched>();
  readonly #listening: Disposable;
  readonly #timer: NodeJS.Timeout;
  #isPolling = false;

  constructor(ctx: AppContext) {
    this.#ctx = ctx;
    this.#listening = ctx.hints.listen((hint) => this.#heard(hint));
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
  }

  /** Begins to send a viewer what follows; the caller has checked that he may see the job. */
  add(parts: WatchParts): JobWatch {
    const watched = this.#jobs.get(parts.jobId) ?? {
      watches: new Set<JobWatch>(),
      lastSeq: -1,
      version: "",
      toldAtMs: 0,
      told: null,
    };
    this.#jobs.set(parts.jobId, watched);
    const watch = new JobWatch(parts);
    watched.watches.add(watch);
    this.#refreshSoon([parts.jobId]);
    return watch;
  }

  remove(jobId: string, watch: JobWatch): void {
    watch.close();
    const watched = this.#jobs.get(jobId);
    watched?.watches.delete(watch);
    if (watched === undefined || watched.watches.size > 0) return;
    this.#jobs.delete(jobId);
    if (watched.told !== null) this.#tellRig(watched.told, false);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#listening[Symbol.dispose]();
    for (const { watches } of this.#jobs.values()) for (const watch of watches) watch.close();
    this.#jobs.clear();
  }

  #heard(hint: Hint): void {
    if (hint.kind === "output") this.#wake(hint.jobId);
    if (hint.kind === "job" && this.#jobs.has(hint.jobId)) this.#refreshSoon([hint.jobId]);
  }

  #wake(jobId: string): void {
    for (const watch of this.#jobs.get(jobId)?.watches ?? []) watch.wake();
  }

  #refreshSoon(jobIds: readonly string[]): void {
    this.#refresh(jobIds).catch((error: unknown) =>
      this.#ctx.log.warn({ err: error }, "watched jobs not read"),
    );
  }

  async #poll(): Promise<void> {
    if (this.#isPolling || this.#jobs.size === 0) return;
    this.#isPolling = true;
    try {
      await this.#refresh([...this.#jobs.keys()]);
    } catch (error) {
      this.#ctx.log.warn({ err: error }, "watched jobs not read");
    } finally {
      this.#isPolling = false;
    }
  }

  async #refresh(jobIds: readonly string[]): Promise<void> {
    const rows = await this.#ctx.db.query<LiveRow>(
      `select j.id, j.last_seq, j.state = 'running' as is_running, a.id as attempt, a.rig,
         concat_ws('|', j.state, j.attempt_no, j.progress, j.cancel_requested_at, a.state, s.state) as version
       from job j left join attempt a on a.job = j.id and a.lease_state = 'held' left join settlement s on s.job = j.id
       where j.id = any($1)`,
      [jobIds],
    );
    for (const row of rows) await this.#compare(row);
  }

  async #compare(row: LiveRow): Promise<void> {
    const watched = this.#jobs.get(row.id);
    if (watched === undefined) return;
    this.#tellLiveRig(watched, row);
    if (row.last_seq !== watched.lastSeq) {
      watched.lastSeq = row.last_seq;
      this.#wake(row.id);
    }
    const now = this.#ctx.clock.now();
    const isCostDue = row.is_running && now - watched.toldAtMs >= COST_MS;
    if (row.version === watched.version && !isCostDue) return;
    watched.version = row.version;
    watched.toldAtMs = now;
    const job = await readJob(this.#ctx.db, row.id, now);
    for (const watch of watched.watches) watch.update(job);
  }

  #tellLiveRig(watched: Watched, row: LiveRow): void {
    if (row.attempt === null || row.rig === null || watched.told?.attempt === row.attempt) return;
    watched.told = { attempt: row.attempt, rig: row.rig };
    this.#tellRig(watched.told, true);
  }

  #tellRig(told: NonNullable<Watched["told"]>, watched: boolean): void {
    if (!this.#ctx.rigs.isConnected(told.rig)) return;
    // Only a matter of speed: a rig that does not hear of it flushes a little later.
    this.#ctx.rigs
      .send(told.rig, { t: "watched", body: { attempt: told.attempt, watched } })
      .catch(() => undefined);
  }
}
