import { expect, beforeAll, describe, it } from "vitest";
import { recoverAddress } from "ethers";
import { signingDigest } from "@nebula/protocol";
import { anOffer } from "./support/offers.ts";
import { TestRig } from "./support/rig.ts";
import { dockerMissing, makeScriptedImage } from "./support/scripted-image.ts";

const missing = await dockerMissing();
if (missing) process.stderr.write(`skipped: rig-agent with containers: ${missing}\n`);

const cell = (...steps: unknown[]): string => JSON.stringify(steps);

describe.skipIf(missing)("a rig with real containers", () => {
  beforeAll(makeScriptedImage);

  it("runs a job and signs its receipt", async () => {
    await using rig = await TestRig.enrol();
    await rig.start();
    const offer = anOffer(cell(["print", "hello\n"]));

    expect(await rig.server.offer(offer)).toEqual({ accepted: true });
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "OK", exit: { code: 0, reason: "ended" } });
    expect(attempt.streams.events.toString()).toContain('"text":"hello\\n"');
    expect(attempt.states).toEqual(["preparing", "running"]);
    const { receipt, signature } = attempt.fin!;
    expect(recoverAddress(signingDigest(offer.domain, "Receipt", receipt), signature).toLowerCase()).toBe(
      rig.server.receiptAddress,
    );
    expect(rig.server.faults).toEqual([]);
  });
});
