import type { Express } from "express";

/** One part on which the server leans. Without a `vital` one it is not ready; without another it is degraded. */
export interface Part {
  readonly name: string;
  readonly isVital: boolean;
  /** Rejects where the part does not answer. */
  check(): Promise<unknown>;
}

const CHECK_MS = 2_000;

async function stateOf(part: Part): Promise<"ok" | "away"> {
  const { promise: late, resolve } = Promise.withResolvers<"away">();
  const timer = setTimeout(() => resolve("away"), CHECK_MS);
  try {
    return await Promise.race([
      part.check().then(
        () => "ok" as const,
        () => "away" as const,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** `/healthz`: the process answers. `/readyz`: 200 with the state of every part, 503 where a vital one is away. */
export function bindHealth(app: Express, parts: readonly Part[]): void {
  app.get("/healthz", (_request, response) => void response.json({ status: "ok" }));
  app.get("/readyz", async (_request, response) => {
    const states = await Promise.all(parts.map(async (part) => [part.name, await stateOf(part)] as const));
    const away = new Set(states.filter(([, state]) => state === "away").map(([name]) => name));
    const isReady = parts.every((part) => !part.isVital || !away.has(part.name));
    const status = isReady ? (away.size === 0 ? "ready" : "degraded") : "away";
    response.status(isReady ? 200 : 503).json({ status, parts: Object.fromEntries(states) });
  });
}
