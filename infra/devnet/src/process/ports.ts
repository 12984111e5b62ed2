import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { StartFailed } from "../errors.ts";
import type { PartName } from "../errors.ts";

/** Every part listens here and nowhere else. */
export const LOOPBACK = "127.0.0.1";

/**
 * A TCP port on loopback that was free a moment ago. It lies below the range from which the system takes the ports of
 * outgoing connections, so that none of these takes it before it is listened on.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const isFree = await portOf(port).then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
}

/** Throws `StartFailed` naming the port when something listens on it already. */
export async function assertPortFree(port: number, part: PartName): Promise<void> {
  try {
    await portOf(port);
  } catch (cause) {
    throw portTaken(port, part, cause);
  }
}

/** The error for a port that another program holds. */
export function portTaken(port: number, part: PartName, cause?: unknown): StartFailed {
  return new StartFailed(part, `Port ${port} on ${LOOPBACK}, meant for the ${part}, is taken.`, {
    remedy: `See who holds it with: ss -ltnp 'sport = :${port}'. End that program, or stop the campus that runs already.`,
    cause,
  });
}

async function portOf(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, LOOPBACK);
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo; // a TCP server has an address object once it listens
  server.close();
  await once(server, "close");
  return taken;
}
