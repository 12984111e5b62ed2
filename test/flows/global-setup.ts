import { ensureImage } from "@nebula/kernel-image";
import type { TestProject } from "vitest/node";
import { emptyHome, startCampusProcess } from "./campus-process.ts";
import { whyNoDocker } from "./containers.ts";

/** Starts the one campus that all flow tests share, and stops it after the last of them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const reason = await whyNoDocker();
  if (reason !== null) {
    project.provide("campus", reason);
    return () => Promise.resolve();
  }
  await ensureImage("minimal");
  await ensureImage("coursework");
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await emptyHome());
  const campus = stack.use(await startCampusProcess(home.path));
  project.provide("campus", campus.facts);
  const owned = stack.move();
  return () => owned.disposeAsync();
}
