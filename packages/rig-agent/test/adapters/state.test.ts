import { createPublicKey, verify } from "node:crypto";
import { mkdir, mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { recoverAddress, verifyMessage } from "ethers";
import { describe, expect, it } from "vitest";
import { Conflict, NotFound } from "@nebula/protocol";
import { linuxHost } from "../../src/adapters/host/host.ts";
import { measuredSpeed } from "../../src/adapters/speed/measure.ts";
import { attemptFolders } from "../../src/adapters/state/folders.ts";
import { nextEpoch, readIdentity } from "../../src/adapters/state/identity.ts";
import { makeKeys, readKeys } from "../../src/adapters/state/keys.ts";
import { lockState } from "../../src/adapters/state/lock.ts";
import type { ExitRecord } from "../../src/attacher/records.ts";

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "nebula-state-"));

describe("the rig's keys", () => {
  it("are readable by their owner only", async () => {
    const folder = await newFolder();

    await makeKeys(folder);

    for (const name of ["wire.pem", "receipt.key"])
      expect((await stat(join(folder, "keys", name))).mode & 0o777).toBe(0o600);
  });

  it("stay when they are made again", async () => {
    const folder = await newFolder();

    const first = await makeKeys(folder);
    const second = await makeKeys(folder);

    expect([second.address, second.wirePublic]).toEqual([first.address, first.wirePublic]);
  });

  it("sign what others can check", async () => {
    const keys = await makeKeys(await newFolder());
    const digest = `0x${"12".repeat(32)}`;
    const wire = createPublicKey({
      key: Buffer.from(keys.wirePublic, "base64"),
      type: "spki",
      format: "der",
    });

    expect(recoverAddress(digest, keys.sign(digest)).toLowerCase()).toBe(keys.address);
    expect(verifyMessage("hello", keys.signText("hello")).toLowerCase()).toBe(keys.address);
    expect(verify(null, Buffer.from("x"), wire, Buffer.from(keys.signWire(Buffer.from("x")), "base64"))).toBe(
      true,
    );
  });

  it("of a machine that is not enrolled are not there", async () => {
    await expect(readKeys(await newFolder())).rejects.toThrow(NotFound);
    await expect(readIdentity(await newFolder())).rejects.toThrow(NotFound);
  });
});

describe("the epoch", () => {
  it("rises by one each time", async () => {
    const folder = await newFolder();

    expect([await nextEpoch(folder), await nextEpoch(folder), await nextEpoch(folder)]).toEqual([1, 2, 3]);
  });
});

describe("the state folder", () => {
  it("belongs to one agent at a time", async () => {
    const folder = await newFolder();
    const lock = await lockState(folder);

    await expect(lockState(folder)).rejects.toThrow(Conflict);
    await lock.release();

    await expect(lockState(folder)).resolves.toBeDefined();
  });
});

describe("an attempt's folder", () => {
  const record: ExitRecord = {
    code: 0,
    oomKilled: false,
    reason: "ended",
    detail: "",
    usedMs: 1,
    result: null,
  };

  it("keeps the attacher's last word over the agent's", async () => {
    const folders = attemptFolders(await newFolder());
    await mkdir(folders.pathOf("a"));
    await writeFile(join(folders.pathOf("a"), "exit.json"), JSON.stringify(record));

    await folders.writeExit("a", { ...record, reason: "rig-fault" });

    expect(await folders.readExit("a")).toEqual(record);
  });

  it("takes the agent's where there is no other", async () => {
    const folders = attemptFolders(await newFolder());
    await mkdir(folders.pathOf("a"));

    await folders.writeExit("a", { ...record, reason: "rig-fault" });

    expect(await folders.readExit("a")).toMatchObject({ reason: "rig-fault" });
  });

  it("sums its streams, the missing one as empty", async () => {
    const folders = attemptFolders(await newFolder());
    await mkdir(folders.pathOf("a"));
    await writeFile(join(folders.pathOf("a"), "events"), "abc");

    expect(await folders.sumOf("a", "events")).toEqual({
      bytes: 3,
      sha256: "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
    expect(await folders.sumOf("a", "stderr")).toMatchObject({ bytes: 0 });
  });
});

describe("the measured speed", () => {
  it("is taken once per CPU model", async () => {
    const folder = await newFolder();
    const inventory = { ...(await linuxHost(folder).inventory("none")), cpuModel: cpus()[0]?.model ?? "" };

    const first = await measuredSpeed(folder, inventory);
    const kept = JSON.parse(await readFile(join(folder, "speed.json"), "utf8")) as { gflops: number };

    expect(first.gflops).toBeGreaterThan(0.05);
    expect(first.speedMilli).toBeGreaterThanOrEqual(1);
    expect(await measuredSpeed(folder, inventory)).toEqual(first);
    expect(kept.gflops).toBe(first.gflops);
  });
});

describe("this machine", () => {
  it("is described in figures that can be true", async () => {
    const host = linuxHost(await newFolder());

    const inventory = await host.inventory("docker 20");
    const load = await host.load();

    expect(inventory.cpus).toBeGreaterThan(0);
    expect(load.memoryFreeMiB).toBeGreaterThan(0);
    expect(load.memoryFreeMiB).toBeLessThanOrEqual(inventory.memoryMiB);
    expect(host.bootId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
