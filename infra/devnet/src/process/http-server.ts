import { once } from "node:events";
import type { Server } from "node:http";
import { LOOPBACK } from "./ports.ts";

/** Listens on loopback; resolves once connections are taken. */
export async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, LOOPBACK);
  await once(server, "listening");
}

/** Ends every connection and resolves once the server is closed. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
