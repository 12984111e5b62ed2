import {
  frameResultSchema,
  resultHashOf,
  signingDigest,
  type Exited,
  type FrameResult,
  type Offer,
  type StreamName,
} from "@nebula/protocol";
import type { ExitRecord } from "../attacher/records.ts";
import { outcomeOf } from "../domain/outcome.ts";
import { receiptFaults, type ProposedReceipt } from "../domain/receipt-check.ts";
import type { Log, ReceiptSigner } from "./ports.ts";
import { pause, type Uplink } from "./uplink.ts";

/** Wait before a receipt that was wrong is asked for again. */
const WRONG_RECEIPT_MS = 30_000;

export interface SealParts {
  readonly uplink: Uplink;
  readonly signer: ReceiptSigner;
  readonly log: Log;
}

export interface SealRequest {
  readonly offer: Offer;
  readonly exit: ExitRecord;
  readonly streams: Exited["streams"];
  /** Sends output again from these offsets and resolves when the server has all of it. */
  readonly resend: (offsets: Partial<Record<StreamName, number>>) => Promise<void>;
  readonly signal: AbortSignal;
}

function resultOf(exit: ExitRecord): FrameResult | null {
  if (exit.result === null) return null;
  try {
    return frameResultSchema.safeParse(JSON.parse(exit.result)).data ?? null;
  } catch {
    return null;
  }
}

/** The last report of an attempt: how it ended, what it used, and the sums of its output. */
export function exitedOf(request: Pick<SealRequest, "offer" | "exit" | "streams">): Exited {
  const { offer, exit, streams } = request;
  const result = resultOf(exit);
  const { code, oomKilled, reason, detail, usedMs } = exit;
  const ending = { code, oomKilled, reason, detail };
  return {
    attempt: offer.attempt,
    fence: offer.fence,
    exit: ending,
    outcome: outcomeOf(ending, result),
    usedMs,
    streams,
    resultHash: resultHashOf(result?.artefacts ?? []),
  };
}

/** Reports the end and signs the receipt that comes back if it agrees with the rig's own account. Throws the server's final refusal. */
export async function seal(parts: SealParts, request: SealRequest): Promise<void> {
  const report = exitedOf(request);
  for (;;) {
    const reply = await parts.uplink.insist("exited", report, request.signal);
    if ("resend" in reply) {
      await request.resend(reply.resend);
      continue;
    }
    if (await signed(parts, { request, report, proposed: reply })) return;
    await pause(WRONG_RECEIPT_MS, request.signal);
  }
}

interface Proposal {
  readonly request: SealRequest;
  readonly report: Exited;
  readonly proposed: ProposedReceipt;
}

async function signed(parts: SealParts, { request, report, proposed }: Proposal): Promise<boolean> {
  const { attempt, fence, outcome, usedMs, resultHash } = report;
  const own = {
    offer: request.offer,
    rigAddress: parts.signer.address,
    outcome,
    usedMs,
    logRoot: report.streams.events.sha256,
    resultHash,
  };
  const faults = receiptFaults(own, proposed);
  if (faults.length > 0) {
    parts.log.error({ attempt, faults }, "receipt refused");
    return false;
  }
  const { receipt } = proposed;
  const signature = parts.signer.sign(signingDigest(request.offer.domain, "Receipt", receipt));
  await parts.uplink.insist("fin", { attempt, fence, receipt, signature }, request.signal);
  return true;
}
