/** Legal moves of one state machine: for each state, the states that may follow it. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>;

/**
 * A job.
 *
 *     draft ─→ queued ─→ running ─→ finished ─→ settled
 *                │  ↑       │ │ └──→ failed ───→ settled
 *                │  └───────┘ └────→ cancelled ─→ settled
 *                ├──→ failed
 *                └──→ cancelled
 *
 * `running → queued` is a re-queue after a lost attempt. A job whose price is zero goes to `settled` without a transaction.
 */
export const JOB_TRANSITIONS = {
  draft: ["queued"],
  queued: ["running", "failed", "cancelled"],
  running: ["queued", "finished", "failed", "cancelled"],
  finished: ["settled"],
  failed: ["settled"],
  cancelled: ["settled"],
  settled: [],
} as const satisfies Transitions<string>;
export type JobState = keyof typeof JOB_TRANSITIONS;

/**
 * An attempt.
 *
 *     offered ─→ accepted ─→ preparing ─→ running ─→ stopping ─→ exited ─→ sealed
 *        └──────────┴───────────┴────────────┴───────────┴──────────┴────→ lost
 *
 * `preparing` and `running` may go to `exited` at once (the container ended by itself); `accepted` too (it never started).
 */
export const ATTEMPT_TRANSITIONS = {
  offered: ["accepted", "lost"],
  accepted: ["preparing", "stopping", "exited", "lost"],
  preparing: ["running", "stopping", "exited", "lost"],
  running: ["stopping", "exited", "lost"],
  stopping: ["exited", "lost"],
  exited: ["sealed", "lost"],
  sealed: [],
  lost: [],
} as const satisfies Transitions<string>;
export type AttemptState = keyof typeof ATTEMPT_TRANSITIONS;

/**
 * A lease.
 *
 *     offered ─→ held ─→ released
 *        └────────┴───→ expired
 */
export const LEASE_TRANSITIONS = {
  offered: ["held", "expired"],
  held: ["released", "expired"],
  released: [],
  expired: [],
} as const satisfies Transitions<string>;
export type LeaseState = keyof typeof LEASE_TRANSITIONS;

/**
 * A rig.
 *
 *     enrolled → preflight → failed | ready → waiting ↔ available ↔ busy → draining → drained → maintenance → preflight
 *     aside: degraded, quarantined, offline, retired
 */
export const RIG_TRANSITIONS = {
  enrolled: ["preflight", "offline", "retired"],
  preflight: ["failed", "ready", "offline", "retired"],
  failed: ["preflight", "offline", "retired"],
  ready: ["waiting", "available", "offline", "draining", "retired"],
  waiting: ["available", "draining", "degraded", "quarantined", "offline"],
  available: ["waiting", "busy", "draining", "degraded", "quarantined", "offline"],
  busy: ["available", "waiting", "draining", "degraded", "quarantined", "offline"],
  draining: ["drained", "offline"],
  drained: ["maintenance", "available", "offline", "retired"],
  maintenance: ["preflight", "offline", "retired"],
  degraded: ["available", "waiting", "draining", "quarantined", "offline"],
  quarantined: ["preflight", "offline", "retired"],
  offline: ["preflight", "retired"],
  retired: [],
} as const satisfies Transitions<string>;
export type RigState = keyof typeof RIG_TRANSITIONS;

/** An allocation, as far as this version takes it: approved, funded on chain, then active until it is closed. */
export const ALLOCATION_TRANSITIONS = {
  approved: ["funded"],
  funded: ["active"],
  active: ["frozen", "closing"],
  frozen: ["active", "closing"],
  closing: ["closed"],
  closed: [],
} as const satisfies Transitions<string>;
export type AllocationState = keyof typeof ALLOCATION_TRANSITIONS;

/** Whether `to` may follow `from`. */
export function isTransitionAllowed<State extends string>(
  table: Transitions<State>,
  from: State,
  to: State,
): boolean {
  return table[from].includes(to);
}

/** Whether nothing follows `state`. */
export function isTerminal<State extends string>(table: Transitions<State>, state: State): boolean {
  return table[state].length === 0;
}
