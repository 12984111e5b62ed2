import type { Offerings } from "@nebula/protocol";

/** What the settings say; empty texts stand for the default of the campus. */
export interface Preferences {
  readonly serverUrl: string;
  readonly rigClass: string;
  readonly image: string;
  readonly timeLimitMinutes: number;
}

export const DEFAULT_PREFERENCES: Preferences = {
  serverUrl: "http://127.0.0.1:8700",
  rigClass: "",
  image: "",
  timeLimitMinutes: 10,
};

/** Reads settings as they come, with the defaults for what is missing or of another type. */
export function preferencesOf(settings: Readonly<Record<string, unknown>>): Preferences {
  const text = (key: "serverUrl" | "rigClass" | "image"): string => {
    const value = settings[key];
    return typeof value === "string" ? value.trim() : DEFAULT_PREFERENCES[key];
  };
  const minutes = settings["timeLimitMinutes"];
  return {
    serverUrl: text("serverUrl").replace(/\/+$/, "") || DEFAULT_PREFERENCES.serverUrl,
    rigClass: text("rigClass"),
    image: text("image"),
    timeLimitMinutes: typeof minutes === "number" ? minutes : DEFAULT_PREFERENCES.timeLimitMinutes,
  };
}

/** Class, image and limit of the next press; null until the campus has said what it offers. */
export function choiceOf(
  preferences: Preferences,
  offerings: Offerings | null,
): { rigClass: string; image: string; timeLimitMs: number } | null {
  if (offerings === null) return null;
  return {
    rigClass: preferences.rigClass || offerings.defaultClass,
    image: preferences.image || offerings.defaultImage,
    timeLimitMs: preferences.timeLimitMinutes * 60_000,
  };
}
