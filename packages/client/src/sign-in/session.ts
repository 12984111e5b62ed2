import { NotAllowed } from "@nebula/protocol";
import { requestTokens, type TokenEndpoint, type Tokens } from "./pkce.ts";

/** A signed-in person. The tokens live in this closure and nowhere else. */
export interface Session {
  /** A valid access token, renewed in time; null once the session is over. */
  accessToken(): Promise<string | null>;
  signOut(): Promise<void>;
  /** Calls back once when the session is over, by sign-out or because the issuer refused to renew. Returns the undo. */
  onEnded(ended: () => void): Disposable;
}

export interface SessionOptions extends TokenEndpoint {
  /** Milliseconds on a clock that does not jump; default `performance.now`. */
  readonly now?: () => number;
}

/** Renewed this long before its end. */
const RENEW_BEFORE_MS = 45_000;

async function revoke(endpoint: TokenEndpoint, token: string): Promise<void> {
  const body = new URLSearchParams({ client_id: endpoint.clientId, token, token_type_hint: "refresh_token" });
  const url = `${endpoint.issuer}/protocol/openid-connect/revoke`;
  // Signed out here in any case; a token that could not be revoked dies by itself.
  await (endpoint.fetch ?? fetch)(url, { method: "POST", body, credentials: "omit" }).catch(() => undefined);
}

/** Keeps a person signed in by rotating refresh tokens. */
export function createSession(options: SessionOptions, first: Tokens): Session {
  const now = options.now ?? (() => performance.now());
  const listeners = new Set<() => void>();
  let tokens: Tokens | null = first;
  let endsAt = now() + first.expiresInMs;
  let renewing: Promise<string | null> | null = null;

  const end = (): void => {
    if (tokens !== null) for (const listener of listeners) listener();
    tokens = null;
  };

  const renew = async (refreshToken: string): Promise<string | null> => {
    try {
      const fresh = await requestTokens(options, {
        grant_type: "refresh_token",
        refresh_token: refreshToken,
      });
      if (tokens === null) return null;
      tokens = { ...fresh, refreshToken: fresh.refreshToken ?? refreshToken };
      endsAt = now() + fresh.expiresInMs;
      return fresh.accessToken;
    } catch (error) {
      if (error instanceof NotAllowed) end();
      // The issuer may only be away: the old token serves as long as it lives.
      return tokens !== null && endsAt > now() ? tokens.accessToken : null;
    }
  };

  return {
    async accessToken() {
      if (tokens === null) return null;
      if (endsAt - now() > RENEW_BEFORE_MS) return tokens.accessToken;
      if (tokens.refreshToken === null) {
        if (endsAt > now()) return tokens.accessToken;
        end();
        return null;
      }
      renewing ??= renew(tokens.refreshToken).finally(() => {
        renewing = null;
      });
      return renewing;
    },
    async signOut() {
      const { refreshToken: token } = tokens ?? {};
      end();
      if (token) await revoke(options, token);
    },
    onEnded(ended) {
      listeners.add(ended);
      return { [Symbol.dispose]: () => listeners.delete(ended) };
    },
  };
}
