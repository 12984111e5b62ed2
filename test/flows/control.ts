import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { CampusHandle } from "@nebula/devnet";
import { LOOPBACK } from "@nebula/devnet";

/** A part of the campus that tests kill and start again. */
export type Part = "server" | "rig";

/** Lets the process of the tests ask for what only the process that owns the campus can do. */
export async function serveControl(
  campus: CampusHandle,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const acts: Record<string, () => Promise<number>> = {
    "GET /server": async () => campus.server().pid,
    "GET /rig": async () => campus.rig().pid,
    "GET /chain": () => campus.chain.nodePid(),
    "POST /server": () => campus.restartServer().then(() => campus.server().pid),
    "POST /rig": () => campus.restartRig().then(() => campus.rig().pid),
  };
  const control = createServer((request, response) => {
    const act = acts[`${request.method ?? ""} ${request.url ?? ""}`];
    const done = act === undefined ? Promise.reject(new Error("no such act")) : act();
    done.then(
      (pid) => response.end(String(pid)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  control.listen(0, LOOPBACK);
  await once(control, "listening");
  const { port } = control.address() as AddressInfo; // a TCP server has an address object once it listens
  return {
    port,
    async [Symbol.asyncDispose]() {
      control.closeAllConnections();
      control.close();
      await once(control, "close");
    },
  };
}

/** Asks a control for the process id of a part, or (POST) to start the part again. */
export async function askControl(url: string, method: "GET" | "POST", part: Part | "chain"): Promise<number> {
  const response = await fetch(`${url}/${part}`, { method });
  const text = await response.text();
  if (!response.ok) throw new Error(`the ${part} did not start: ${text}`);
  return Number(text);
}
