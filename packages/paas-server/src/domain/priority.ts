/** What the place of a job in its queue follows from. */
export interface PriorityFacts {
  /** Unix milliseconds from which the job counts as waiting; kept over re-queues. */
  readonly eligibleAtMs: number;
  /** Jobs of the same account that wait or run already. */
  readonly ownJobsAhead: number;
  /** Share of the account's cap that is spent or held, 0 to 1. */
  readonly usedShare: number;
  /** Longest run in milliseconds. */
  readonly timeLimitMs: number;
}

/** Parts of a priority, each in hours of waiting that it is worth. */
export interface Priority {
  readonly age: number;
  readonly turn: number;
  readonly fairShare: number;
  readonly size: number;
  readonly total: number;
}

const HOUR_MS = 3_600_000;
/** Every further job of one account counts as if it had come this much later, so that accounts take turns. */
const TURN_HOURS = 1 / 60;
/** Whoever has used nothing of his cap is this much ahead of whoever has used all. */
const FAIR_SHARE_HOURS = 0.5;
const SIZE_HOURS = 0.25;

/**
 * Place of a job in its queue: higher goes first. Age enters as the time of arrival, so that the order of two waiting jobs never changes
 * and an index can hold it. Fair share is 2^(−used share); size lowers long jobs a little.
 */
export function priorityOf(facts: PriorityFacts): Priority {
  const age = -facts.eligibleAtMs / HOUR_MS;
  const turn = -TURN_HOURS * facts.ownJobsAhead;
  const fairShare = FAIR_SHARE_HOURS * (2 ** -Math.max(0, facts.usedShare) - 1);
  const size = -SIZE_HOURS * Math.min(1, facts.timeLimitMs / HOUR_MS);
  return { age, turn, fairShare, size, total: age + turn + fairShare + size };
}
