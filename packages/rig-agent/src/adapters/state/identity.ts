import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { NotFound, campusSchema, idSchema } from "@nebula/protocol";
import { z } from "zod";

const FILE = "identity.json";
const EPOCH_FILE = "epoch";

export const identitySchema = z.object({
  rigId: idSchema("rig"),
  name: z.string(),
  serverUrl: z.url(),
  receiptAddress: z.string(),
  payoutAddress: z.string(),
  campus: campusSchema,
});
/** Who this rig is, and to which campus it belongs. */
export type Identity = z.infer<typeof identitySchema>;

async function replaceFile(path: string, text: string): Promise<void> {
  const file = await open(`${path}.draft`, "w", 0o600);
  await file.writeFile(text);
  await file.sync();
  await file.close();
  await rename(`${path}.draft`, path);
}

export async function writeIdentity(stateDir: string, identity: Identity): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await replaceFile(join(stateDir, FILE), `${JSON.stringify(identity, null, 2)}\n`);
}

/** Throws `NotFound` when the machine is not enrolled. */
export async function readIdentity(stateDir: string): Promise<Identity> {
  try {
    return identitySchema.parse(JSON.parse(await readFile(join(stateDir, FILE), "utf8")));
  } catch (cause) {
    throw new NotFound(
      "RIG_UNKNOWN",
      `No valid ${FILE} in ${stateDir}: enrol this machine first with "nebula-rig enrol"`,
      { cause },
    );
  }
}

/** The next session's epoch: one higher than any before, on disk before it is used. */
export async function nextEpoch(stateDir: string): Promise<number> {
  const path = join(stateDir, EPOCH_FILE);
  const last = Number(await readFile(path, "utf8").catch(() => "0"));
  const next = (Number.isSafeInteger(last) ? last : 0) + 1;
  await replaceFile(path, String(next));
  return next;
}
