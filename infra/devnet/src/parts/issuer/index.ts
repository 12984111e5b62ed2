import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { InvalidInput } from "@nebula/protocol";
import Provider from "oidc-provider";
import { lockFolder } from "../../process/folder-lock.ts";
import { closeServer, listen } from "../../process/http-server.ts";
import { LOOPBACK, assertPortFree } from "../../process/ports.ts";
import { DEMO_ACCOUNTS } from "./accounts.ts";
import type { DemoAccount } from "./accounts.ts";
import type { LabClientAddresses } from "./clients.ts";
import { realmConfiguration } from "./configuration.ts";
import { issuerKeys } from "./keys.ts";
import { signInStep } from "./sign-in-step.ts";
import { openStore } from "./store.ts";

export { DEMO_ACCOUNTS } from "./accounts.ts";
export type { DemoAccount } from "./accounts.ts";
export { CLI_CLIENT, LAB_CLIENT, SERVER_CLIENT } from "./clients.ts";

/** Name of the realm. */
export const REALM = "nebula";
const REALM_PATH = `/realms/${REALM}`;
const SIGN_IN_PATH = "/login-actions/authenticate/";

export interface IssuerOptions extends LabClientAddresses {
  readonly port: number;
  /** Address to listen on; anything but loopback is refused. Default 127.0.0.1. */
  readonly host?: string;
  readonly stateFolder: string;
  /** Origins of pages that may exchange codes and refresh tokens, such as the notebook's. */
  readonly webOrigins: readonly string[];
  readonly log: (line: string) => void;
  readonly accounts?: readonly DemoAccount[];
  /** Value of NODE_ENV; default that of this process. */
  readonly nodeEnv?: string | undefined;
}

/** A running dev issuer. */
export interface IssuerHandle extends AsyncDisposable {
  /** The `iss` of its tokens; discovery lies below it. */
  readonly url: string;
}

/**
 * Starts an issuer that looks like a Keycloak realm, with demo accounts whose passwords everybody knows.
 * Throws `InvalidInput` where NODE_ENV is production or the address is not loopback.
 */
export async function startIssuer(options: IssuerOptions): Promise<IssuerHandle> {
  const host = options.host ?? LOOPBACK;
  refuseOutsideDevelopment(host, "nodeEnv" in options ? options.nodeEnv : process.env["NODE_ENV"]);
  await using stack = new AsyncDisposableStack();
  await mkdir(options.stateFolder, { recursive: true, mode: 0o700 });
  stack.use(await lockFolder(options.stateFolder, "issuer"));
  await assertPortFree(options.port, "issuer");
  const url = `http://${LOOPBACK}:${options.port}${REALM_PATH}`;
  const accounts = options.accounts ?? DEMO_ACCOUNTS;
  const provider = new Provider(
    url,
    realmConfiguration({
      accounts,
      lab: options,
      webOrigins: options.webOrigins,
      keys: await issuerKeys(options.stateFolder),
      store: await openStore(join(options.stateFolder, "records"), () => Date.now()),
      signInPath: (uid) => `${REALM_PATH}${SIGN_IN_PATH}${uid}`,
    }),
  );
  provider.on("server_error", (_ctx, error) =>
    options.log(`the issuer failed: ${error.stack ?? error.message}`),
  );
  const server = createServer(realmHandler(provider, accounts, options));
  await listen(server, options.port);
  stack.defer(() => closeServer(server));
  const owned = stack.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function refuseOutsideDevelopment(host: string, nodeEnv: string | undefined): void {
  if (nodeEnv === "production") {
    throw new InvalidInput(
      "INPUT_INVALID",
      "The demo issuer does not start with NODE_ENV=production: use a Keycloak with the campus's own accounts.",
    );
  }
  if (host !== LOOPBACK) {
    throw new InvalidInput(
      "INPUT_INVALID",
      `The demo issuer listens on ${LOOPBACK} only, not on ${host}: everybody knows its passwords.`,
    );
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function realmHandler(provider: Provider, accounts: readonly DemoAccount[], options: IssuerOptions): Handler {
  const serveProtocol = provider.callback();
  const ownHost = `${LOOPBACK}:${options.port}`;
  return (request, response) => {
    const path = request.url ?? "";
    if (request.headers.host !== ownHost)
      return void response.writeHead(403).end(`expected ${ownHost} as host\n`);
    if (!path.startsWith(`${REALM_PATH}/`)) return void response.writeHead(404).end("no such realm\n");
    if (path.startsWith(REALM_PATH + SIGN_IN_PATH)) {
      signInStep({ provider, accounts }, request, response).catch((error: unknown) => {
        options.log(`the sign-in page failed: ${String(error)}`);
        response.destroy();
      });
      return;
    }
    // The provider builds its addresses from what lies in front of its own routes.
    Object.assign(request, { originalUrl: path });
    request.url = path.slice(REALM_PATH.length);
    void serveProtocol(request, response);
  };
}
