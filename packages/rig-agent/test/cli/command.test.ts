import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { InvalidInput } from "@nebula/protocol";
import manifest from "../../package.json" with { type: "json" };
import { readArguments } from "../../src/cli/arguments.ts";
import { agentConfig } from "../../src/config/config.ts";
import { AGENT_VERSION } from "../../src/version.ts";

const execute = promisify(execFile);
const MAIN = join(import.meta.dirname, "../../src/main.ts");
const NO_ENVIRONMENT = { stateDir: undefined, dockerHost: undefined, logLevel: undefined };

async function run(...args: string[]): Promise<{ status: number; out: string; complaint: string }> {
  try {
    const { stdout, stderr } = await execute(process.execPath, [
      "--conditions=@nebula/source",
      MAIN,
      ...args,
    ]);
    return { status: 0, out: stdout, complaint: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, out: stdout, complaint: stderr };
  }
}

describe("the command line", () => {
  it.each([
    [[], "Expected one command"],
    [["dance"], "Expected one command"],
    [["enrol", "--server", "http://x"], "--code"],
    [["run", "--slots", "many"], "--slots"],
    [["run", "--on-stop", "panic"], "--on-stop"],
    [["run", "--wrong"], "--wrong"],
  ])("%j is refused with what was expected", (args, expected) => {
    expect(() => readArguments(args)).toThrow(InvalidInput);
    expect(() => readArguments(args)).toThrow(expected);
  });

  it("gives every option to its command", () => {
    const args = [
      "enrol",
      "--server",
      "http://s",
      "--code",
      "c",
      "--name",
      "n",
      "--payout",
      "0x1",
      "--state",
      "/s",
      "--json",
    ];

    expect(readArguments(args)).toMatchObject({
      command: "enrol",
      server: "http://s",
      code: "c",
      name: "n",
      payout: "0x1",
      state: "/s",
      isJson: true,
    });
  });
});

describe("the agent's settings", () => {
  it("come from options before the environment before defaults", () => {
    const environment = {
      ...NO_ENVIRONMENT,
      stateDir: "/from/environment",
      dockerHost: "unix:///run/other.sock",
    };

    expect(agentConfig({ stateDir: "/given" }, environment)).toMatchObject({
      stateDir: "/given",
      engineSocket: "/run/other.sock",
    });
    expect(agentConfig({}, environment)).toMatchObject({ stateDir: "/from/environment" });
    expect(agentConfig({}, NO_ENVIRONMENT)).toMatchObject({
      stateDir: "/var/lib/nebula",
      engineSocket: "/var/run/docker.sock",
    });
  });

  it("are refused with every fault at once", () => {
    const wrong = { engineSocket: "tcp://far", slots: { cpuSlots: -1 } };

    expect(() => agentConfig(wrong, NO_ENVIRONMENT)).toThrow(/unix socket[^]*cpuSlots/);
  });
});

describe("nebula-rig", () => {
  it("explains itself", async () => {
    expect(await run("--help")).toMatchObject({
      status: 0,
      out: expect.stringContaining("nebula-rig enrol") as string,
    });
    expect(await run("--version")).toMatchObject({ status: 0, out: `${AGENT_VERSION}\n` });
    expect(AGENT_VERSION).toBe(manifest.version);
  });

  it("ends with 2 on wrong arguments, in words", async () => {
    const { status, complaint } = await run("dance");

    expect(status).toBe(2);
    expect(complaint).toContain("Expected one command");
    expect(complaint).not.toContain("    at ");
  });

  it("ends with 3 on a machine that is not enrolled", async () => {
    const state = await mkdtemp(join(tmpdir(), "nebula-none-"));

    expect(await run("run", "--state", state)).toMatchObject({
      status: 3,
      complaint: expect.stringContaining("enrol") as string,
    });
    expect(await run("status", "--state", state)).toMatchObject({ status: 3 });
  });
});
