import { createPublicKey, type KeyObject } from "node:crypto";
import { NotAllowed, Unavailable } from "@nebula/protocol";
import { z } from "zod";
import type { Clock, Logger } from "../../app/ports.ts";

const DOCUMENT_BYTES_MAX = 256 * 1024;
const KEYS_MAX = 50;
/** Age from which keys are asked for again, so that a key which the issuer has removed stops working. */
const TTL_MS = 10 * 60_000;
/** Age up to which known keys serve while the issuer is away. */
const STALE_MAX_MS = 60 * 60_000;
/** `answerMs`: how long the issuer may take. `gapMs`: least time between two questions to it. */
const TIMES = { answerMs: 5_000, gapMs: 1_000 };
/** While known keys serve, an issuer that has just failed is left alone for this long. */
const REST_MS = 30_000;
const MODULUS_BITS_MIN = 2_048;

const jwksSchema = z.object({
  keys: z
    .array(
      z.looseObject({
        kid: z.string().optional(),
        kty: z.string(),
        use: z.string().optional(),
        alg: z.string().optional(),
      }),
    )
    .max(KEYS_MAX),
});
type Jwk = z.infer<typeof jwksSchema>["keys"][number];

/** Public keys with which the issuer signs. */
export interface KeyCache {
  /** The key of that id. Throws `NotAllowed` (TOKEN_INVALID) where the issuer has none, `Unavailable` (ISSUER_AWAY) where it does not say. */
  keyOf(kid: string): Promise<KeyObject>;
  /** PEM of a key that `keyOf` gave before; null where it is gone. */
  pemOf(kid: string): string | null;
  /** Rejects with `Unavailable` (ISSUER_AWAY) where there are no keys that may still serve and the issuer gives none. */
  check(): Promise<void>;
}

export interface KeyCacheOptions {
  readonly certsUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times?: typeof TIMES;
}

function signingKey(jwk: Jwk): KeyObject | null {
  if (jwk.kty !== "RSA" || (jwk.use ?? "sig") !== "sig" || (jwk.alg ?? "RS256") !== "RS256") return null;
  try {
    const key = createPublicKey({
      key: { kty: "RSA", n: String(jwk["n"]), e: String(jwk["e"]) },
      format: "jwk",
    });
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MODULUS_BITS_MIN ? key : null;
  } catch {
    return null; // a key that cannot be read is no key
  }
}

async function limitedText(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > DOCUMENT_BYTES_MAX) throw new Error("the key document is too large");
  }
  return text;
}

async function fetchKeys(options: KeyCacheOptions): Promise<ReadonlyMap<string, KeyObject>> {
  const { answerMs } = options.times ?? TIMES;
  const response = await fetch(options.certsUrl, {
    redirect: "error",
    signal: AbortSignal.timeout(answerMs),
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw new Error(`the issuer answered ${String(response.status)}`);
  const { keys } = jwksSchema.parse(JSON.parse(await limitedText(response)));
  const found = new Map<string, KeyObject>();
  for (const jwk of keys) {
    const key = signingKey(jwk);
    if (key !== null && jwk.kid !== undefined) found.set(jwk.kid, key);
  }
  return found;
}

function away(cause: unknown): Unavailable {
  return new Unavailable("ISSUER_AWAY", "The sign-in service does not give its keys", {
    cause,
    data: { retryAfterMs: TIMES.gapMs },
  });
}

/** Asks the issuer at most once a second, for all callers together, and never trusts what it gets beyond its shape. */
export function createKeyCache(options: KeyCacheOptions): KeyCache {
  const { gapMs } = options.times ?? TIMES;
  let keys: ReadonlyMap<string, KeyObject> = new Map();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;

  const refresh = async (): Promise<void> => {
    // why: monotone, as it only spaces requests; tests that stop the clock still get their keys
    const waitMs = Math.max(0, triedAt + gapMs - performance.now());
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    triedAt = performance.now();
    try {
      keys = await fetchKeys(options);
      fetchedAt = options.clock.now();
    } catch (error) {
      failedAt = performance.now();
      options.log.warn(
        { err: error instanceof Error ? error.message : "unknown", url: options.certsUrl },
        "issuer keys not fetched",
      );
      throw away(error);
    }
  };
  const single = (): Promise<void> => (running ??= refresh().finally(() => (running = null)));
  const ageMs = () => options.clock.now() - fetchedAt;
  const mayRest = () => ageMs() < STALE_MAX_MS && performance.now() - failedAt < REST_MS;

  return {
    async keyOf(kid) {
      const known = keys.get(kid);
      if (known !== undefined && (ageMs() < TTL_MS || mayRest())) return known;
      try {
        await single();
      } catch (error) {
        if (known !== undefined && ageMs() < STALE_MAX_MS) return known;
        throw error;
      }
      const key = keys.get(kid);
      if (key === undefined)
        throw new NotAllowed(
          "TOKEN_INVALID",
          "The access token was signed with a key that the issuer does not have",
        );
      return key;
    },
    async check() {
      if (keys.size === 0 || ageMs() >= TTL_MS) await single();
    },
    pemOf: (kid) => keys.get(kid)?.export({ type: "spki", format: "pem" }).toString() ?? null,
  };
}
