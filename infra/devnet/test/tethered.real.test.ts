import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { spawnTethered } from "../src/process/tethered.ts";
import { waitUntil } from "../src/process/wait-until.ts";
import { temporaryFolder } from "./support/folder.ts";
import { isAlive, startVictim } from "./support/victim.ts";

describe("a tethered program", () => {
  test("ends when the process that started it is killed", async () => {
    await using folder = await temporaryFolder();
    await using victim = await startVictim("tethered.ts", [join(folder.path, "log")]);
    const program = Number(victim.said["pid"]);
    expect(isAlive(program)).toBe(true);

    await victim.kill();

    await expect.poll(() => isAlive(program), { timeout: 5_000 }).toBe(false);
  });

  test("is asked to end in order, and killed when it does not", async () => {
    await using folder = await temporaryFolder();
    const deaf = spawnTethered({
      command: "/bin/sh",
      args: ["-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"],
      logFile: join(folder.path, "log"),
      graceMs: 200,
    });
    await expect.poll(() => readFile(join(folder.path, "log"), "utf8")).toBe("deaf\n");

    await deaf[Symbol.asyncDispose]();

    expect(await deaf.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("tells its status, and nothing of it is left", async () => {
    await using folder = await temporaryFolder();
    const program = spawnTethered({
      command: "/bin/sh",
      args: ["-c", "exit 3"],
      logFile: join(folder.path, "log"),
    });

    expect(await program.exited).toEqual({ code: 3, signal: null });
    await expect.poll(() => isAlive(-program.pid), { timeout: 5_000 }).toBe(false);
  });

  test("that ends while starting fails the wait with the end of its log", async () => {
    await using folder = await temporaryFolder();
    const logFile = join(folder.path, "log");
    const program = spawnTethered({ command: "/bin/sh", args: ["-c", "echo no space left"], logFile });
    const probe = (): Promise<void> => Promise.reject(new Error("not yet"));

    const waited = waitUntil(probe, {
      part: "chain",
      what: "It",
      timeoutMs: 10_000,
      logFile,
      process: program,
    });

    await expect(waited).rejects.toThrow(/It ended while starting[^]*no space left/);
  });
});
