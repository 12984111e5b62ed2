import { readFileSync } from "node:fs";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseReports, readGpus } from "../../src/adapters/gpu/nvidia-smi.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/nvidia-smi");
const text = (name: string): string => readFileSync(join(FIXTURES, name), "utf8");
const gpus = (name: string) =>
  parseReports({
    xml: text(`${name}.xml`),
    listing: text(`${name}.list`),
    capabilities: text(`${name}.csv`),
  });

describe("the GPUs of a report", () => {
  it("with one large card", () => {
    expect(gpus("h200")).toEqual([
      {
        uuid: "GPU-11111111-2222-3333-4444-555555555555",
        model: "NVIDIA H200",
        memoryMiB: 143_771,
        driver: "570.124.06",
        computeCapability: "9.0",
        migProfile: null,
      },
    ]);
  });

  it("with two old cards whose driver does not tell their capability", () => {
    expect(
      gpus("two-1080ti").map(({ model, memoryMiB, computeCapability }) => [
        model,
        memoryMiB,
        computeCapability,
      ]),
    ).toEqual([
      ["GeForce GTX 1080 Ti", 11_178, null],
      ["GeForce GTX 1080 Ti", 11_176, null],
    ]);
  });

  it("with a card cut into slices beside a whole one", () => {
    expect(gpus("a100-mig").map(({ uuid, memoryMiB, migProfile }) => [uuid, memoryMiB, migProfile])).toEqual([
      ["MIG-00000000-1111-2222-3333-444444444444", 20_096, "3g.20gb"],
      ["MIG-55555555-1111-2222-3333-444444444444", 4_864, "1g.5gb"],
      ["GPU-dddddddd-0000-1111-2222-333333333333", 40_960, null],
    ]);
  });

  it("of another shape are refused, not guessed", () => {
    expect(() => parseReports({ xml: "<other/>", listing: "", capabilities: "" })).toThrow();
  });
});

describe("reading the GPUs of a machine", () => {
  it("gives none where there is no driver", async () => {
    expect(await readGpus("/nonexistent/nvidia-smi")).toEqual([]);
  });

  it("calls the driver's tool for its three reports", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nebula-smi-"));
    const tool = join(folder, "nvidia-smi");
    const cat = (name: string) => `cat ${join(FIXTURES, name)};;`;
    await writeFile(
      tool,
      `#!/bin/sh\ncase "$1" in -q) ${cat("a100-mig.xml")} -L) ${cat("a100-mig.list")} *) exit 6;; esac\n`,
    );
    await chmod(tool, 0o700);

    expect(await readGpus(tool)).toHaveLength(3);
  });
});
