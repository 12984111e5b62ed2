import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TrustedChain } from "@nebula/client";
import { killIfThere, withDescendants } from "./processes.ts";

/** Where a campus is. */
export interface CampusFacts {
  readonly home: string;
  readonly serverUrl: string;
  readonly issuerUrl: string;
  readonly databaseUrl: string;
  readonly controlUrl: string;
  /** The chain as its owner knows it, not as the server names it. */
  readonly chain: TrustedChain;
}

/** A campus in a process of its own. Disposing stops it in order. */
export interface CampusProcess extends AsyncDisposable {
  readonly facts: CampusFacts;
  /** Ends the process that owns the campus and all that it started, by SIGKILL, as a power cut would. */
  kill(): Promise<void>;
}

/** Starts a campus on the state in `home`. Throws when it does not come up; its own words are on standard error. */
export async function startCampusProcess(home: string): Promise<CampusProcess> {
  const host = join(import.meta.dirname, "host.ts");
  const options = ["--conditions=@nebula/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, host, home], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(child, "exit");
  const line = await Promise.race([once(createInterface(child.stdout), "line"), gone.then(() => null)]);
  if (line === null) throw new Error("the campus ended while it started");
  return {
    facts: JSON.parse(String(line[0])) as CampusFacts, // written by host.ts
    async kill() {
      for (const pid of await withDescendants(child.pid ?? 0)) killIfThere(pid);
      await gone;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await gone;
    },
  };
}

/** An empty folder that the database's user may pass; disposing removes it. */
export async function emptyHome(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "nebula-flows-"));
  await chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
