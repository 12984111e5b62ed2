import type { Job, TranscriptEvent } from "@nebula/protocol";

/** What the events of a job say of its progress, for the strip. */
export class RunProgress {
  readonly #now: () => number;
  #seq = 0;
  #attemptNo = 0;
  #attemptReason = "";
  #currentCell: string | null = null;
  readonly #finishedCells = new Set<string>();
  #fraction: number | null = null;
  #note = "";
  #memoryPeakBytes = 0;
  #errorName: string | null = null;
  /** When `running` was first seen here, less the time that the job had used by then. */
  #startedAt: number | null = null;
  #isOver = false;
  #usedMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Last `seq` that was taken. */
  get seq(): number {
    return this.#seq;
  }
  get attemptNo(): number {
    return this.#attemptNo;
  }
  /** Why the latest attempt began, in the server's words; empty for the first. */
  get attemptReason(): string {
    return this.#attemptReason;
  }
  get currentCell(): string | null {
    return this.#currentCell;
  }
  get finishedCells(): ReadonlySet<string> {
    return this.#finishedCells;
  }
  /** 0 to 1 as the code reports it; null while it reports nothing. */
  get fraction(): number | null {
    return this.#fraction;
  }
  get note(): string {
    return this.#note;
  }
  get memoryPeakBytes(): number {
    return this.#memoryPeakBytes;
  }
  /** Name of the last exception that a cell raised, such as `NameError`. */
  get errorName(): string | null {
    return this.#errorName;
  }

  /** Time used so far in milliseconds, counted on between what the server says. */
  elapsedMs(): number {
    if (this.#startedAt === null || this.#isOver) return this.#usedMs;
    return Math.max(this.#usedMs, this.#now() - this.#startedAt);
  }

  takeJob(job: Job): void {
    this.#usedMs = job.usedMs;
    this.#isOver = job.state !== "running";
    if (job.state !== "running") this.#startedAt = null;
    else this.#startedAt ??= this.#now() - job.usedMs;
    if (job.progress && this.#fraction === null) {
      this.#fraction = job.progress.fraction;
      this.#note = job.progress.note;
    }
  }

  /** Takes events; returns whether anything but plain output was among them. */
  take(events: readonly TranscriptEvent[]): boolean {
    let isNews = false;
    for (const event of events) {
      this.#seq = event.seq;
      if (event.attemptNo > this.#attemptNo) this.#restart(event.attemptNo);
      isNews = this.#takeFrame(event.frame) || isNews;
    }
    return isNews;
  }

  #restart(attemptNo: number): void {
    this.#attemptNo = attemptNo;
    this.#currentCell = null;
    this.#finishedCells.clear();
    this.#fraction = null;
    this.#note = "";
    this.#errorName = null;
  }

  #takeFrame(frame: TranscriptEvent["frame"]): boolean {
    switch (frame.t) {
      case "status":
        return this.#status(frame.state, frame.cell ?? null);
      case "progress":
        this.#fraction = Math.min(1, Math.max(0, frame.fraction));
        this.#note = frame.note;
        return true;
      case "usage":
        this.#memoryPeakBytes = Math.max(this.#memoryPeakBytes, frame.memoryPeakBytes);
        return true;
      case "error":
        this.#errorName = frame.content.ename;
        return true;
      case "attempt":
        this.#attemptReason = frame.reason;
        return true;
      default:
        return false;
    }
  }

  #status(state: string, cell: string | null): boolean {
    if (state === "cell-started") this.#currentCell = cell;
    if (state === "cell-finished" && cell !== null) this.#finishedCells.add(cell);
    return true;
  }
}
