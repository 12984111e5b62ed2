import type { CellsClientToServer, CellsServerToClient } from "@nebula/protocol";
import type { Namespace, Socket } from "socket.io";
import type { Principal } from "../app/ports.ts";

/** What the server keeps with a viewer's socket. */
export interface CellsSocketData {
  principal: Principal;
  accountId: string;
}
export type CellsSocket = Socket<
  CellsClientToServer,
  CellsServerToClient,
  Record<string, never>,
  CellsSocketData
>;
export type CellsNamespace = Namespace<
  CellsClientToServer,
  CellsServerToClient,
  Record<string, never>,
  CellsSocketData
>;
