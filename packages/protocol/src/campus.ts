import { z } from "zod";
import { ALLOCATION_TRANSITIONS, RIG_TRANSITIONS, type AllocationState, type RigState } from "./lifecycle.ts";
import { addressSchema, idSchema } from "./ids.ts";
import { inventorySchema } from "./rig.ts";
import { nbaiSchema } from "./units.ts";

/** What anybody may know of a campus: where to sign in and on which chain it settles. */
export const campusSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    issuer: z.url(),
    clientId: z.string(),
    /** Page on the server's origin to which the issuer returns the browser. */
    redirectUri: z.url(),
    chain: z.object({ chainId: z.int(), rpcUrl: z.url(), token: addressSchema, escrow: addressSchema }),
    /** The demo campus on one machine, with accounts that anyone may use. */
    isDemo: z.boolean(),
  })
  .meta({ id: "Campus" });
export type Campus = z.infer<typeof campusSchema>;

export const classSchema = z.object({
  name: z.string(),
  title: z.string(),
  speedMilli: z.int().positive(),
  /** Base units per GpuMinute. */
  unitPrice: nbaiSchema,
  /** Price of one minute in this class. */
  pricePerMinute: nbaiSchema,
  cpus: z.number(),
  memoryMiB: z.int(),
  gpu: z.string().nullable(),
  rigsOnline: z.int().nonnegative(),
});
export const imageSchema = z.object({ name: z.string(), title: z.string(), tag: z.string() });
export const offeringsSchema = z
  .object({
    rateVersion: z.int(),
    classes: z.array(classSchema),
    images: z.array(imageSchema),
    defaultClass: z.string(),
    defaultImage: z.string(),
  })
  .meta({ id: "Offerings" });
export type Offerings = z.infer<typeof offeringsSchema>;

const allocationStates = Object.keys(ALLOCATION_TRANSITIONS) as [AllocationState, ...AllocationState[]];

const balance = { granted: nbaiSchema, held: nbaiSchema, spent: nbaiSchema, left: nbaiSchema };
export const memberSchema = z.object({
  username: z.string(),
  name: z.string(),
  address: addressSchema,
  perJobMax: nbaiSchema,
  ...balance,
});

/** A budget. A member sees the whole and his own row; its owner sees every row. granted = spent + held + left. */
export const allocationSchema = z
  .object({
    id: idSchema("allocation"),
    name: z.string(),
    kind: z.enum(["course", "lab", "person"]),
    state: z.enum(allocationStates),
    owner: z.string(),
    /** Address that pays: tokens sent here are deposited in the escrow up to `granted`. */
    payer: addressSchema,
    ...balance,
    members: z.array(memberSchema),
  })
  .meta({ id: "Allocation" });
export type Allocation = z.infer<typeof allocationSchema>;

export const newAllocationSchema = z
  .strictObject({
    name: z.string().min(1).max(120),
    kind: z.enum(["course", "lab"]),
    /** Username of the professor whose budget it is; default: the caller. */
    owner: z.string().min(1).max(120).optional(),
    granted: nbaiSchema,
    members: z
      .array(z.strictObject({ username: z.string().min(1).max(120), cap: nbaiSchema, perJobMax: nbaiSchema }))
      .max(5_000),
    /** Unix seconds; grants on chain end then. */
    validUntil: z.int().positive(),
  })
  .meta({ id: "NewAllocation" });
export type NewAllocation = z.infer<typeof newAllocationSchema>;

/** Who is signed in, and what he may spend. */
export const meSchema = z
  .object({
    subject: z.string(),
    username: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    address: addressSchema,
    custody: z.enum(["managed", "self"]),
    balance: z.object(balance),
    allocations: z.array(allocationSchema),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof meSchema>;

const rigStates = Object.keys(RIG_TRANSITIONS) as [RigState, ...RigState[]];

export const rigSchema = z
  .object({
    id: idSchema("rig"),
    name: z.string(),
    state: z.enum(rigStates),
    classes: z.array(z.string()),
    inventory: inventorySchema,
    measuredSpeedMilli: z.int().nullable(),
    slots: z.int(),
    slotsFree: z.int(),
    lastBeatAtMs: z.int().nullable(),
    enrolledAtMs: z.int(),
    earned: nbaiSchema,
    receiptAddress: addressSchema,
  })
  .meta({ id: "Rig" });
export type Rig = z.infer<typeof rigSchema>;
