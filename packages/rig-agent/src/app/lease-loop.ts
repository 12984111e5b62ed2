import {
  Conflict,
  InvalidInput,
  signingDigest,
  type Offer,
  type Slot,
  SERVER_TO_RIG,
} from "@nebula/protocol";
import { z } from "zod";
import type { AttacherPlan } from "../attacher/records.ts";
import { checkPlan } from "../domain/plan-check.ts";
import { buildPlan, containerNameOf, jobEnvironment } from "../domain/plan.ts";
import type { Attempts } from "./attempts.ts";
import type {
  AttemptFolders,
  ContainerEngine,
  Host,
  ImageFacts,
  Journal,
  Log,
  RigHandlers,
  ToRigReply,
} from "./ports.ts";

/** Free disk below which no attempt is taken: spool and artefacts need it. */
const DISK_LEAST_MIB = 1_024;

export interface LeaseParts {
  readonly rigId: string;
  readonly slots: readonly Slot[];
  readonly attempts: Attempts;
  readonly engine: ContainerEngine;
  readonly engineSocket: string;
  readonly folders: AttemptFolders;
  readonly journal: Journal;
  readonly host: Host;
  readonly log: Log;
  readonly isDraining: () => boolean;
  /** Boot-time milliseconds of the last acknowledged beat, and how long the rig may live without one. */
  readonly life: () => { readonly aliveAtMs: number; readonly deadManMs: number };
}

type OfferReply = ToRigReply<"offer">;
type DeclineReason = Exclude<OfferReply, { accepted: true }>["reason"];

const decline = (reason: DeclineReason, detail: string): OfferReply => ({ accepted: false, reason, detail });

function attemptOf(parts: LeaseParts, id: string, fence: number) {
  const attempt = parts.attempts.get(id);
  if (attempt?.offer.fence !== fence)
    throw new Conflict("LEASE_LOST", `This rig does not run ${id} under fence ${String(fence)}`);
  return attempt;
}

function checkOffer(offer: Offer): void {
  if (signingDigest(offer.domain, "Order", offer.order) !== offer.orderDigest) {
    throw new InvalidInput(
      "INPUT_INVALID",
      "The offer's order does not have the digest that the offer names",
    );
  }
  if (offer.document.attempt !== offer.attempt)
    throw new InvalidInput("INPUT_INVALID", "The job document is for another attempt");
}

function checkLimits({ limits }: Offer, slot: Slot | undefined): void {
  if (slot && limits.cpus <= slot.cpus && limits.memoryMiB <= slot.memoryMiB) return;
  const asked = `${String(limits.cpus)} CPUs and ${String(limits.memoryMiB)} MiB`;
  throw new InvalidInput("INPUT_INVALID", `The offer asks for ${asked}, more than its slot has`);
}

async function imageOf(parts: LeaseParts, tag: string): Promise<ImageFacts | DeclineReason> {
  try {
    return (await parts.engine.image(tag)) ?? "image-missing";
  } catch (err) {
    parts.log.warn({ err }, "engine away");
    return "engine-away";
  }
}

function attacherPlan(
  parts: LeaseParts,
  request: { offer: Offer; slotIndex: number; image: ImageFacts },
): AttacherPlan {
  const { offer, slotIndex, image } = request;
  const { attempt, fence, limits, order } = offer;
  const gpuUuid = parts.slots[slotIndex]?.gpuUuid ?? null;
  const plan = buildPlan({
    rigId: parts.rigId,
    attempt,
    fence,
    specHash: order.specHash,
    image,
    limits,
    slotIndex,
    gpuUuid,
  });
  checkPlan(plan);
  const { runMs, runReason, transcriptBytes } = limits;
  const containerName = containerNameOf(attempt);
  return {
    attempt,
    containerName,
    engineSocket: parts.engineSocket,
    create: plan,
    runMs,
    runReason,
    transcriptBytes,
    ...parts.life(),
  };
}

async function accept(
  parts: LeaseParts,
  request: { offer: Offer; slotIndex: number; image: ImageFacts },
): Promise<OfferReply> {
  const { offer } = request;
  const { attempt, fence, slot } = offer;
  const document = JSON.stringify({ ...offer.document, env: jobEnvironment(offer.document.env) });
  const plan = attacherPlan(parts, request);
  await parts.folders.create(attempt, { offer: z.encode(SERVER_TO_RIG.offer.body, offer), plan, document });
  await parts.journal.write({ attempt, fence, slot, state: "accepted", bootId: parts.host.bootId });
  parts.attempts.add(offer, "launch");
  parts.log.info({ attempt, fence, slot }, "offer accepted");
  return { accepted: true };
}

async function considered(parts: LeaseParts, offer: Offer): Promise<OfferReply> {
  const known = parts.attempts.get(offer.attempt);
  if (known?.offer.fence === offer.fence) return { accepted: true };
  if (parts.isDraining()) return decline("draining", "The rig takes no new jobs");
  const slotIndex = parts.slots.findIndex(({ id }) => id === offer.slot);
  if (slotIndex < 0 || known || !parts.attempts.isSlotFree(offer.slot))
    return decline("slot-busy", `Slot ${offer.slot} is not free`);
  checkLimits(offer, parts.slots[slotIndex]);
  const { diskFreeMiB } = await parts.host.load();
  if (diskFreeMiB < DISK_LEAST_MIB)
    return decline(
      "disk-full",
      `${String(diskFreeMiB)} MiB of disk are free, ${String(DISK_LEAST_MIB)} are needed`,
    );
  const image = await imageOf(parts, offer.image);
  if (image === "image-missing") return decline(image, `No image ${offer.image} that this rig may run`);
  if (image === "engine-away") return decline(image, "Docker does not answer");
  return accept(parts, { offer, slotIndex, image: image as ImageFacts }); // The reasons were dealt with above.
}

/** What the server asks of the rig: offers, cancels, and what viewers do. */
export function leaseHandlers(parts: LeaseParts): RigHandlers {
  // One offer at a time: two for the same slot must not both find it free.
  let last: Promise<unknown> = Promise.resolve();
  return {
    async offer(offer) {
      checkOffer(offer);
      const reply = last.then(() => considered(parts, offer));
      last = reply.catch(() => undefined);
      return reply;
    },
    async cancel({ attempt, fence, mode, reason, graceMs }) {
      const found = attemptOf(parts, attempt, fence);
      if (reason === "fenced") found.drop("The server has taken the attempt away");
      else await found.stop(mode, reason, graceMs);
      return { ok: true };
    },
    async watched({ attempt, watched }) {
      parts.attempts.get(attempt)?.watched(watched);
      return { ok: true };
    },
    async input({ attempt, fence, id, value }) {
      attemptOf(parts, attempt, fence).input(id, value);
      return { ok: true };
    },
  };
}
