import { createServer } from "node:net";
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { Conflict } from "@nebula/protocol";

/**
 * Holds the state folder for one agent. The lock is a name in the kernel's abstract socket space: it ends with the process, however
 * that ends. Throws `Conflict` when another agent has it.
 */
export async function lockState(stateDir: string): Promise<{ release(): Promise<void> }> {
  const name = createHash("sha256")
    .update(await realpath(stateDir))
    .digest("hex")
    .slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Conflict("RIG_SUPERSEDED", `Another agent runs on ${stateDir}; stop it first`, { cause })),
    );
    server.listen(`\0nebula-rig-${name}`, resolve);
  });
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}
