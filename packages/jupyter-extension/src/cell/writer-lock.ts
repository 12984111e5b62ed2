export interface WriterTurn {
  readonly signal: AbortSignal;
  /** Called when another tab holds the right; it comes here when that tab lets go. */
  readonly waiting: () => void;
}

/** Runs `work` while holding the only right of this browser to write the outputs of `jobId`. */
export type WriterLock = (jobId: string, turn: WriterTurn, work: () => Promise<void>) => Promise<void>;

/**
 * One writer per job among all tabs of this browser: two tabs that render the same job would show every line twice in
 * a shared document. Where the browser has no locks (a page over plain http on a network), every tab writes.
 */
export function browserWriterLock(locks: LockManager | undefined): WriterLock {
  return async (jobId, turn, work) => {
    if (locks === undefined) return work();
    const name = `nebula:writer:${jobId}`;
    const isDone = await locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock === null) return false;
      await work();
      return true;
    });
    if (isDone) return;
    turn.waiting();
    await locks.request(name, { signal: turn.signal }, work);
  };
}
