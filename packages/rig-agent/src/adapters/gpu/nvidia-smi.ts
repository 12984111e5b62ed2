import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { XMLParser } from "fast-xml-parser";
import type { Inventory } from "@nebula/protocol";
import { computeCapabilities, gpusOf, slicesByGpu } from "../../domain/gpu.ts";

const execute = promisify(execFile);
const LIMITS = { timeout: 20_000, maxBuffer: 16 * 1024 * 1024 };

/** GPUs of a recorded or live report: the XML of `-q -x`, the listing of `-L`, the table of compute capabilities. */
export function parseReports(reports: {
  xml: string;
  listing: string;
  capabilities: string;
}): Inventory["gpus"] {
  const report: unknown = new XMLParser({ ignoreAttributes: true, parseTagValue: false }).parse(reports.xml);
  const extras = {
    computeCapabilities: computeCapabilities(reports.capabilities),
    slices: slicesByGpu(reports.listing),
  };
  return [...gpusOf(report, extras)];
}

/** The machine's GPUs as its driver reports them; none where there is no driver. */
export async function readGpus(command = "nvidia-smi"): Promise<Inventory["gpus"]> {
  const run = async (...args: string[]): Promise<string> => (await execute(command, args, LIMITS)).stdout;
  try {
    const xml = await run("-q", "-x");
    const listing = await run("-L");
    // Drivers before 510 do not know the column.
    const capabilities = await run("--query-gpu=uuid,compute_cap", "--format=csv,noheader").catch(() => "");
    return parseReports({ xml, listing, capabilities });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
