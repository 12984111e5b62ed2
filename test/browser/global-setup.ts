import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureImage } from "@nebula/kernel-image";
import { chromium } from "playwright-core";
import type { BrowserServer } from "playwright-core";
import type { TestProject } from "vitest/node";
import { chromiumPath, TOOLS_HOME, whyNoBrowserTests } from "./parts.ts";

/** Where the shared campus and browser are. */
export interface BrowserFacts {
  /** JupyterLab's address with its token. */
  readonly labUrl: string;
  /** The student's folder on disk. */
  readonly notebooks: string;
  /** Address of the browser, for Playwright. */
  readonly browser: string;
  /** The rig that runs the jobs; its containers carry it. */
  readonly rigId: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Text where the tests cannot run: the reason. */
    readonly browserFacts: BrowserFacts | string;
  }
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let owned = new AsyncDisposableStack();

async function emptyHome(stack: AsyncDisposableStack): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "nebula-browser-"));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  await chmod(home, 0o755); // the database's user passes through it
  return home;
}

/** Starts a campus in a process of its own and gives JupyterLab's address. */
async function startHost(home: string, stack: AsyncDisposableStack): Promise<string> {
  const host = join(import.meta.dirname, "host.ts");
  const options = ["--conditions=@nebula/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, host, home, TOOLS_HOME], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  stack.defer(async () => {
    child.stdin.end();
    await gone;
  });
  const line = await Promise.race([once(createInterface(child.stdout), "line"), gone.then(() => null)]);
  if (line === null) throw new Error("the campus ended while it started");
  return String(line[0]);
}

async function startBrowser(stack: AsyncDisposableStack): Promise<BrowserServer> {
  const browser = await chromium.launchServer({ executablePath: chromiumPath ?? "", args: FLAGS });
  stack.defer(() => browser.close());
  return browser;
}

/** Starts the one campus with JupyterLab and the one browser that all browser tests share. */
export async function setup(project: TestProject): Promise<void> {
  const reason = await whyNoBrowserTests();
  if (reason !== null) {
    project.provide("browserFacts", reason);
    return;
  }
  await ensureImage("coursework");
  await using stack = new AsyncDisposableStack();
  const home = await emptyHome(stack);
  const labUrl = await startHost(home, stack);
  const browser = (await startBrowser(stack)).wsEndpoint();
  const identity = JSON.parse(await readFile(join(home, "state/rig/identity.json"), "utf8")) as {
    rigId: string;
  };
  project.provide("browserFacts", {
    labUrl,
    notebooks: join(home, "state/notebooks"),
    browser,
    rigId: identity.rigId,
  });
  owned = stack.move();
}

/** Stops what `setup` started. */
export async function teardown(): Promise<void> {
  await owned.disposeAsync();
}
