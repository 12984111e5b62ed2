/**
 * A campus in a process of its own, on free ports and without JupyterLab: `node host.ts HOME` prints where it is as one
 * line of JSON and runs until its standard input ends.
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, LOOPBACK, startCampus } from "@nebula/devnet";
import type { CampusPorts } from "@nebula/devnet";
import type { CampusFacts } from "./campus-process.ts";
import { serveControl } from "./control.ts";

/** The ports of the campus in `home`: free ones at its first start, the same ever after. */
async function portsOf(home: string): Promise<CampusPorts> {
  const file = join(home, "ports.json");
  if (existsSync(file)) return JSON.parse(await readFile(file, "utf8")) as CampusPorts; // written below
  const [server, issuer, chain, postgres, lab] = await Promise.all(Array.from({ length: 5 }, freePort));
  if (!server || !issuer || !chain || !postgres || !lab) throw new Error("expected five ports");
  const ports = { server, issuer, chain, postgres, lab };
  await writeFile(file, JSON.stringify(ports));
  return ports;
}

const [home = ""] = process.argv.slice(2);
await using campus = await startCampus({
  home,
  ports: await portsOf(home),
  step: (_name, work) => work(),
  log: (line) => void process.stderr.write(`${line}\n`),
  withLab: false,
});
await using control = await serveControl(campus);
const { serverUrl, issuerUrl, databaseUrl, chain, deployment } = campus;
const facts: CampusFacts = {
  home,
  serverUrl,
  issuerUrl,
  databaseUrl,
  controlUrl: `http://${LOOPBACK}:${String(control.port)}`,
  chain: { rpcUrl: chain.url, chainId: chain.chainId, escrow: deployment.escrow.toLowerCase() },
};
process.stdout.write(`${JSON.stringify(facts)}\n`);
process.stdin.resume();
await once(process.stdin, "end");
