import type { ClientMetadata } from "oidc-provider";

/** The audience of access tokens, and the client whose roles they carry. */
export const SERVER_CLIENT = "nebula-server";
/** The notebook's client: a browser, with PKCE. */
export const LAB_CLIENT = "nebula-lab";
/** The terminal's client: the device flow. */
export const CLI_CLIENT = "nebula-cli";

/** Addresses that belong to the notebook's client. */
export interface LabClientAddresses {
  /** Where codes may go; compared character by character. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** Told when somebody signs out. */
  readonly backchannelLogoutUri?: string;
}

/** Every client of the realm. */
export function realmClients(lab: LabClientAddresses): ClientMetadata[] {
  return [
    {
      client_id: LAB_CLIENT,
      client_name: "the notebook",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: [...lab.redirectUris],
      post_logout_redirect_uris: [...lab.postLogoutRedirectUris],
      ...(lab.backchannelLogoutUri === undefined
        ? {}
        : { backchannel_logout_uri: lab.backchannelLogoutUri, backchannel_logout_session_required: true }),
    },
    {
      client_id: CLI_CLIENT,
      client_name: "the terminal",
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
      response_types: [],
      redirect_uris: [],
    },
  ];
}
