/**
 * A campus with JupyterLab in a process of its own, on free ports: `node host.ts HOME TOOLS` prints where JupyterLab is as
 * one line and runs until its standard input ends.
 */
import { once } from "node:events";
import { freePort, startCampus } from "@nebula/devnet";
import type { CampusPorts } from "@nebula/devnet";

async function freePorts(): Promise<CampusPorts> {
  const [server, issuer, chain, postgres, lab] = await Promise.all(Array.from({ length: 5 }, freePort));
  if (!server || !issuer || !chain || !postgres || !lab) throw new Error("expected five ports");
  return { server, issuer, chain, postgres, lab };
}

const [home = "", toolsHome = ""] = process.argv.slice(2);
await using campus = await startCampus({
  home,
  toolsHome,
  ports: await freePorts(),
  step: (_name, work) => work(),
  log: (line) => void process.stderr.write(`${line}\n`),
});
process.stdout.write(`${campus.labUrl ?? ""}\n`);
process.stdin.resume();
await once(process.stdin, "end");
