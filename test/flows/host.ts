/**
 * A campus in a process of its own, on free ports and without JupyterLab: `node host.ts HOME` prints where it is as one
 * line of JSON and runs until its standard input ends.
 */
import { once } from "node:events";
import { freePort, LOOPBACK, startCampus } from "@nebula/devnet";
import type { CampusPorts } from "@nebula/devnet";
import type { CampusFacts } from "./campus-process.ts";
import { serveControl } from "./control.ts";

async function freePorts(): Promise<CampusPorts> {
  const [server, issuer, chain, postgres, lab] = await Promise.all(Array.from({ length: 5 }, freePort));
  if (!server || !issuer || !chain || !postgres || !lab) throw new Error("expected five ports");
  return { server, issuer, chain, postgres, lab };
}

const [home = ""] = process.argv.slice(2);
await using campus = await startCampus({
  home,
  ports: await freePorts(),
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
