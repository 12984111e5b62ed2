import type { Domain } from "@nebula/protocol";
import type { ServerConfig } from "../config/config.ts";
import type {
  ChainPort,
  Clock,
  Database,
  Hints,
  Logger,
  Random,
  RigLink,
  Signatures,
  Vault,
} from "./ports.ts";

/** What every use case is handed: the outside world as ports, and the settings. */
export interface AppContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly hints: Hints;
  readonly log: Logger;
  readonly config: ServerConfig;
  readonly rigs: RigLink;
  readonly vault: Vault;
  readonly signatures: Signatures;
  readonly chain: ChainPort;
  /** EIP-712 domain of the escrow in which this campus settles. */
  domainOf(): Domain;
}
