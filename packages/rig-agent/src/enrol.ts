import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { postEnrolment } from "./adapters/server/http.ts";
import { dockerEngine } from "./adapters/docker/engine.ts";
import { linuxHost } from "./adapters/host/host.ts";
import { makeKeys } from "./adapters/state/keys.ts";
import { writeIdentity, type Identity } from "./adapters/state/identity.ts";
import { agentConfig, type AgentOptions } from "./config/config.ts";
import { readEnvironment } from "./config/env.ts";

export interface EnrolOptions extends AgentOptions {
  readonly serverUrl: string;
  /** The one-time code from campus IT. */
  readonly code: string;
  /** Name of the rig as the campus shows it; default: the host's name. */
  readonly name?: string | undefined;
  /** Address that the rig's earnings go to; default: that of its own receipt key. */
  readonly payoutAddress?: string | undefined;
}

/**
 * Enrols this machine with a one-time code: makes its keys (kept if there already) and writes its identity to the state folder.
 * Throws `NotAllowed` when the code is not valid, `Unavailable` when the server or Docker does not answer.
 */
export async function enrol(options: EnrolOptions): Promise<Identity> {
  const { serverUrl, code, name, payoutAddress, ...rest } = options;
  const { stateDir, engineSocket, imagePrefixes } = agentConfig(rest, readEnvironment());
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const version = await dockerEngine({ socketPath: engineSocket, imagePrefixes }).version();
  const inventory = await linuxHost(stateDir).inventory(version);
  const keys = await makeKeys(stateDir);
  const rigName = name ?? hostname();
  const payout = (payoutAddress ?? keys.address).toLowerCase();
  const { rig, campus } = await postEnrolment(serverUrl, {
    code,
    name: rigName,
    wireKey: keys.wirePublic,
    receiptAddress: keys.address,
    payoutAddress: payout,
    proof: keys.signText(`nebula-enrol:${code}:${keys.wirePublic}`),
    inventory,
  });
  const identity: Identity = {
    rigId: rig.id,
    name: rigName,
    serverUrl,
    receiptAddress: keys.address,
    payoutAddress: payout,
    campus,
  };
  await writeIdentity(stateDir, identity);
  return identity;
}
