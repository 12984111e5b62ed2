import type { TranslationBundle } from "@jupyterlab/translation";
import { formatNbai, NBAI } from "@nebula/protocol";

/** Time that was used, for people: `0.5 s` below ten seconds, from there on as `formatDuration`. */
export function formatUsed(ms: number): string {
  return ms < 10_000 ? `${(Math.floor(ms / 100) / 10).toFixed(1)} s` : formatDuration(ms);
}

/** A length of time for people: `0:07`, `12:05`, `1:00:00`. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A size for people, in binary units. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : String(Math.round(value))} ${units[power] ?? ""}`;
}

/** An amount in NBAI without its unit: three decimals from 1 NBAI on, below it two digits that count. */
export function formatShort(amount: bigint): string {
  if (amount >= NBAI || amount <= 0n) return formatNbai(amount, 3);
  return formatNbai(amount, 18 - amount.toString().length + 2);
}

/** An amount with its unit. */
export function formatAmount(amount: bigint): string {
  return `${formatShort(amount)} NBAI`;
}

/** Who can do something about a failure (`Who` of the protocol), as the start of a sentence. */
export function whoCanAct(who: string, trans: TranslationBundle): string {
  switch (who) {
    case "you":
      return trans.__("You can act.");
    case "rig":
      return trans.__("The rig failed; you did nothing wrong.");
    case "queue":
      return trans.__("The queue decides.");
    case "budget":
      return trans.__("Whoever holds the budget can act.");
    case "network":
      return trans.__("The network is in the way.");
    default:
      return trans.__("Campus IT can act.");
  }
}
