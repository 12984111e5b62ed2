import { errorOf, type Inventory, type rigSchema, type RigState } from "@nebula/protocol";
import type { z } from "zod";
import type { AppContext } from "./context.ts";

/** A rig as campus IT sees it, money in decimal strings. */
export type RigView = z.input<typeof rigSchema>;

interface RigRow {
  readonly id: string;
  readonly name: string;
  readonly state: RigState;
  readonly inventory: Inventory;
  readonly measured_speed_milli: number | null;
  readonly enrolled_at: bigint;
  readonly receipt_address: string;
  readonly classes: string[];
  readonly slots: bigint;
  readonly slots_free: bigint;
  readonly beat_at: bigint | null;
  readonly earned: bigint;
}

const SELECT = `select r.id, r.name, r.state, r.inventory, r.measured_speed_milli, r.enrolled_at, r.receipt_address,
    array(select distinct s.class from slot s where s.rig = r.id and s.class <> 'none' order by 1) as classes,
    (select count(*) from slot s where s.rig = r.id) as slots,
    (select count(*) from slot s where s.rig = r.id and s.attempt is null) as slots_free,
    (select b.at from rig_beat b where b.rig = r.id) as beat_at,
    (select coalesce(sum(p.price), 0) from receipt p join attempt a on a.id = p.attempt where a.rig = r.id) as earned
  from rig r`;

function viewOf(row: RigRow): RigView {
  const slotsFree = Number(row.slots_free);
  const isBusy = row.state === "available" && slotsFree < Number(row.slots);
  return {
    id: row.id,
    name: row.name,
    state: isBusy ? "busy" : row.state,
    classes: row.classes,
    inventory: row.inventory,
    measuredSpeedMilli: row.measured_speed_milli,
    slots: Number(row.slots),
    slotsFree,
    lastBeatAtMs: row.beat_at === null ? null : Number(row.beat_at),
    enrolledAtMs: Number(row.enrolled_at),
    earned: row.earned.toString(),
    receiptAddress: row.receipt_address,
  };
}

/** Every rig of the campus, oldest first. */
export async function listRigs(ctx: AppContext): Promise<readonly RigView[]> {
  const rows = await ctx.db.query<RigRow>(`${SELECT} order by r.id`);
  return rows.map(viewOf);
}

/** One rig. Throws `NotFound` (RIG_UNKNOWN). */
export async function readRig(ctx: AppContext, rigId: string): Promise<RigView> {
  const [row] = await ctx.db.query<RigRow>(`${SELECT} where r.id = $1`, [rigId]);
  if (row === undefined) throw errorOf("RIG_UNKNOWN", `No rig has the id ${rigId}`);
  return viewOf(row);
}
