import { formatNbai } from "@nebula/protocol";
import type { Job } from "@nebula/protocol";
import type { DemoListener, DemoResult } from "./run-demo.ts";
import { frameText } from "./show-frame.ts";

const nbai = (amount: bigint): string => `${formatNbai(amount, 18)} NBAI`;
const short = (hex: string): string => `${hex.slice(0, 10)}…${hex.slice(-6)}`;

/** Tells a demo on a terminal: price before, log and progress during. */
export function tellDemo(write: (text: string) => void): DemoListener {
  const isNews = progressFilter();
  let last: Job["state"] | null = null;
  return {
    onQuote({ priceLow, priceHigh, ceiling, class: name, expected }) {
      const range =
        priceLow === priceHigh ? nbai(priceHigh) : `${formatNbai(priceLow, 18)} – ${nbai(priceHigh)}`;
      const basis =
        expected.basis === "past-runs"
          ? `from ${String(expected.samples)} past ${expected.samples === 1 ? "run" : "runs"}`
          : "from the class and the time limit";
      write(`\nPrice     ≈ ${range} in class ${name} (${basis}); at most ${nbai(ceiling)}\n`);
    },
    onJob(job) {
      if (job.state === last) return;
      last = job.state;
      const where = job.state === "running" && job.rig !== null ? ` on ${job.rig.name}` : "";
      write(`Job       ${job.state}${where}  ${job.id}\n`);
    },
    onEvents(events) {
      for (const { frame } of events) {
        if (frame.t === "progress" && !isNews(frame.fraction)) continue;
        const text = frameText(frame);
        if (text !== "") write(text.replace(/^(?=.)/gm, "  │ "));
      }
    },
  };
}

/** Lets a progress through that moved by a tenth or came to its end, so that a log stays readable. */
function progressFilter(): (fraction: number) => boolean {
  let shown = -1;
  return (fraction) => {
    const isNews = fraction < shown || fraction >= shown + 0.1 || (fraction >= 1 && shown < 1);
    if (isNews) shown = fraction;
    return isNews;
  };
}

/** The end of a demo in words: artefacts, receipt, settlement, every check. */
export function summaryOf({ job, bundle, verification, artefacts, timings }: DemoResult): string {
  const { breakdown, settlement } = bundle;
  const lines = [
    ...(job.failure === null ? [] : [`Failed    ${job.failure.message} ${job.failure.remedy}`]),
    ...artefacts.map(
      ({ path, sizeBytes, matches }) =>
        `Artefact  ${path}, ${String(sizeBytes)} bytes, ${matches ? "hash matches" : "HASH DIFFERS"}`,
    ),
    `Receipt   ${short(bundle.receiptHash)}  ${(breakdown.usedMs / 1_000).toFixed(1)} s at ${String(breakdown.speedMilli)}/1000 of a 1080 Ti`,
    `Money     held ${nbai(breakdown.held)} = price ${nbai(breakdown.price)} + refunded ${nbai(breakdown.refunded)}`,
    `Settled   ${settlement.tx === null ? settlement.state : `transaction ${settlement.tx} in block ${String(settlement.blockNumber)}`}`,
    ...verification.checks.map(
      ({ name, ok, detail }) =>
        `  ${ok === true ? "✔" : ok === null ? "–" : "✘"} ${name.padEnd(11)} ${detail}`,
    ),
    verification.verified
      ? "Verified  the receipt holds, checked here and against the chain"
      : "NOT VERIFIED: see the checks above",
    `Times     first output ${timings.firstOutputMs === null ? "none" : `${(timings.firstOutputMs / 1_000).toFixed(2)} s`}, ended ${(timings.endedMs / 1_000).toFixed(1)} s, settled ${(timings.settledMs / 1_000).toFixed(1)} s`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The same as one JSON value: amounts are decimal strings in base units. */
export function jsonOf({
  job,
  events,
  bundle,
  verification,
  artefacts,
  timings,
}: DemoResult): Record<string, unknown> {
  const { breakdown, settlement } = bundle;
  return {
    jobs: [
      {
        id: job.id,
        state: job.state,
        title: job.title,
        class: job.class,
        rig: job.rig?.name ?? null,
        attempts: job.attemptNo,
        usedMs: breakdown.usedMs,
        failure: job.failure,
        artefacts,
      },
    ],
    outputs: events
      .filter(({ frame }) => frameText(frame) !== "")
      .map(({ seq, frame }) => ({ seq, ...frame })),
    priceNbai: breakdown.price.toString(),
    heldNbai: breakdown.held.toString(),
    refundedNbai: breakdown.refunded.toString(),
    receiptHash: bundle.receiptHash,
    settlementTx: settlement.tx,
    verified: verification.verified,
    checks: verification.checks,
    timings,
  };
}
