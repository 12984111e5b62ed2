import { describe, expect, it } from "vitest";
import { resultHashOf, type Exited, type Outcome, type Receipt } from "@nebula/protocol";
import { receiptFaults, type OwnAccount } from "../../src/domain/receipt-check.ts";
import { SPEED_MILLI, anOffer, receiptFor } from "../support/offers.ts";

const RIG = `0x${"ab".repeat(20)}`;
const OFFER = anOffer("x");
const HASH = `0x${"5a".repeat(32)}`;

function account(outcome: Outcome = "OK", usedMs = 60_000): { own: OwnAccount; exited: Exited } {
  const sum = { bytes: 1, sha256: HASH };
  const exited: Exited = {
    attempt: OFFER.attempt,
    fence: 7,
    exit: { code: 0, oomKilled: false, reason: "ended", detail: "" },
    outcome,
    usedMs,
    streams: { events: sum, stderr: sum },
    resultHash: resultHashOf([]),
  };
  return {
    own: { offer: OFFER, rigAddress: RIG, outcome, usedMs, logRoot: HASH, resultHash: exited.resultHash },
    exited,
  };
}

function faultsWith(
  changes: Partial<Receipt>,
  options: { outcome?: Outcome; usedMs?: number; prepay?: bigint } = {},
): readonly string[] {
  const { own, exited } = account(options.outcome);
  const offer = { ...own.offer, order: { ...own.offer.order, prepay: options.prepay ?? 0n } };
  const receipt = { ...receiptFor(OFFER, exited, RIG), ...changes };
  const order = options.prepay === undefined ? {} : { order: receiptFor(OFFER, exited, RIG).order };
  const faults = receiptFaults(
    { ...own, offer },
    { receipt: { ...receipt, ...order }, usedMs: options.usedMs ?? 60_000, speedMilli: SPEED_MILLI },
  );
  return options.prepay === undefined ? faults : faults.filter((fault) => fault !== "order");
}

describe("a receipt", () => {
  it("that agrees with the rig's account may be signed", () => {
    expect(faultsWith({})).toEqual([]);
  });

  it.each<[string, Partial<Receipt>]>([
    ["order", { order: `0x${"00".repeat(32)}` }],
    ["part", { part: 1 }],
    ["rig", { rig: `0x${"cd".repeat(20)}` }],
    ["units", { units: 1n, price: 0n }],
    ["price", { price: 1n }],
    ["price", { price: 10n ** 19n }],
    ["start", { start: 5, end: 4 }],
    ["resultHash", { resultHash: `0x${"00".repeat(32)}` }],
    ["logRoot", { logRoot: `0x${"00".repeat(32)}` }],
    ["outcome", { outcome: 1 }],
  ])("with another %s is refused", (field, changes) => {
    expect(faultsWith(changes)).toContain(field);
  });

  it("for more time than was used is refused, but for the time on the way", () => {
    const { own, exited } = account();
    const proposed = (usedMs: number) => ({
      receipt: receiptFor(OFFER, { ...exited, usedMs }, RIG),
      usedMs,
      speedMilli: SPEED_MILLI,
    });

    expect(receiptFaults(own, proposed(62_000))).toEqual([]);
    expect(receiptFaults(own, proposed(62_001))).toEqual(["usedMs"]);
  });

  it("never passes the ceiling", () => {
    const { own, exited } = account("OK", 10_000_000);
    const { maxPrice } = OFFER.order;
    const metered = receiptFor(OFFER, exited, RIG);
    const proposed = (price: bigint) => ({
      receipt: { ...metered, price },
      usedMs: 10_000_000,
      speedMilli: SPEED_MILLI,
    });

    expect(metered.price).toBeGreaterThan(maxPrice);
    expect(receiptFaults(own, proposed(metered.price))).toEqual(["price"]);
    expect(receiptFaults(own, proposed(maxPrice))).toEqual([]);
  });

  it("of a fault of the rig costs nothing", () => {
    expect(faultsWith({ price: 0n, units: 0n }, { outcome: "RIG_FAULT" })).toEqual([]);
    expect(faultsWith({ price: 0n }, { outcome: "RIG_FAULT" })).toEqual([]);
    expect(faultsWith({ price: 1n }, { outcome: "RIG_FAULT" })).toEqual(["price"]);
  });

  it("of a cancelled job may cost the order's least charge, any other not", () => {
    const least = 10n ** 18n;

    expect(faultsWith({ price: least }, { outcome: "CANCELLED", prepay: least })).toEqual([]);
    expect(faultsWith({}, { outcome: "CANCELLED", prepay: least })).toEqual([]);
    expect(faultsWith({ price: least }, { outcome: "OK", prepay: least })).toEqual(["price"]);
  });
});
