import type { TranslationBundle } from "@jupyterlab/translation";
import type { Estimate, NebulaError, Offerings } from "@nebula/protocol";
import { formatAmount, formatDuration, formatShort, whoCanAct } from "../strip/words.ts";
import type { CampusState } from "../session/campus-session.ts";

/** What the button knows when it is drawn. */
export interface PriceFacts {
  readonly state: CampusState;
  readonly serverUrl: string;
  readonly estimate: Estimate | null;
  readonly error: NebulaError | null;
  readonly offerings: Offerings | null;
}

/** "≈ 0.012 NBAI" or "≈ 0.8–1.4 NBAI"; "≤ 2 NBAI" where nothing but an upper end is known. */
function priceText({ priceLow, priceHigh }: Estimate, trans: TranslationBundle): string {
  const [from, to] = [formatShort(priceLow), formatShort(priceHigh)];
  if (priceLow === 0n && priceHigh > 0n) return trans.__("≤ %1 NBAI", to);
  return trans.__("≈ %1 NBAI", from === to ? from : `${from}–${to}`);
}

function classWithoutGpu(facts: PriceFacts): string | null {
  const row = facts.offerings?.classes.find((candidate) => candidate.name === facts.estimate?.class);
  return row?.gpu === null ? row.name : null;
}

/** Text of the button: the command's name, and the price before it is pressed. */
export function runLabel(facts: PriceFacts, trans: TranslationBundle): string {
  const name = trans.__("Run on GPU");
  if (facts.estimate) {
    return [name, classWithoutGpu(facts), priceText(facts.estimate, trans)]
      .filter((part) => part !== null)
      .join(" · ");
  }
  switch (facts.state) {
    case "signed-out":
    case "signing-in":
      return `${name} · ${trans.__("sign in to see the price")}`;
    case "away":
      return `${name} · ${trans.__("campus away")}`;
    case "connecting":
    case "signed-in":
      return name;
  }
}

/** The same for the toolbar of a cell, which disappears when it is wide: the name and the upper end of the price. */
export function shortRunLabel({ estimate }: PriceFacts, trans: TranslationBundle): string {
  const name = trans.__("Run on GPU");
  if (estimate === null) return name;
  const priceLow = estimate.priceLow === 0n ? 0n : estimate.priceHigh;
  return `${name} · ${priceText({ ...estimate, priceLow }, trans)}`;
}

function startText(estimate: Estimate, trans: TranslationBundle): string {
  if (estimate.startsInMs === null) return trans.__("No rig of class %1 is connected now.", estimate.class);
  if (estimate.startsInMs < 5_000) return trans.__("Starts at once.");
  return trans.__("Starts in about %1.", formatDuration(estimate.startsInMs));
}

function estimateLines(estimate: Estimate, facts: PriceFacts, trans: TranslationBundle): string[] {
  const basis =
    estimate.expected.basis === "past-runs"
      ? trans._n("from %1 run before", "from %1 runs before", estimate.expected.samples)
      : trans.__("from the rate of class %1", estimate.class);
  const gpu = classWithoutGpu(facts) === null ? [] : [trans.__("Class %1 has no GPU.", estimate.class)];
  const obstacle = estimate.obstacle
    ? [`${estimate.obstacle.message} ${whoCanAct(estimate.obstacle.who, trans)} ${estimate.obstacle.remedy}`]
    : [];
  return [
    trans.__("%1, %2; at most %3.", priceText(estimate, trans), basis, formatAmount(estimate.ceiling)),
    startText(estimate, trans),
    ...gpu,
    ...obstacle,
  ];
}

/** Tooltip of the button: what a press does, what it costs at most, when it starts, and what stands in the way. */
export function runCaption(facts: PriceFacts, trans: TranslationBundle): string {
  const what = trans.__(
    "Runs the selected cells as one job in a fresh kernel; variables are not kept between presses.",
  );
  if (facts.estimate) return [...estimateLines(facts.estimate, facts, trans), what].join("\n");
  if (facts.error)
    return [
      facts.error.message,
      `${whoCanAct(facts.error.row.who, trans)} ${facts.error.row.remedy}`,
      what,
    ].join("\n");
  if (facts.state === "away")
    return [
      trans.__("The campus at %1 does not answer. Local work is not affected.", facts.serverUrl),
      what,
    ].join("\n");
  if (facts.state === "signed-out")
    return [trans.__("Press to sign in; nothing runs before you have seen the price."), what].join("\n");
  return what;
}
