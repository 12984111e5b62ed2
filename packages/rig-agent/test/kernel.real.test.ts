import { describe, expect, it } from "vitest";
import { anOffer } from "./support/offers.ts";
import { TestRig, docker } from "./support/rig.ts";
import { dockerMissing, framesOf } from "./support/scripted-image.ts";

/** The newest image of the real kernel on this machine; null when there is none. */
async function kernelImage(): Promise<string | null> {
  if (await dockerMissing()) return null;
  const names = await docker("images", "nebula/kernel-minimal", "--format", "{{.Repository}}:{{.Tag}}");
  return names.split("\n")[0] ?? null;
}

const image = await kernelImage();
if (!image)
  process.stderr.write(
    "skipped: rig-agent with the real kernel: no image nebula/kernel-minimal on this machine\n",
  );

describe.skipIf(!image)("the real kernel on a rig", () => {
  const offerOf = (source: string, limits = {}) => anOffer(source, { image: image!, limits });

  async function finished(source: string, limits = {}) {
    await using rig = await TestRig.started();
    const offer = offerOf(source, limits);
    await rig.server.offer(offer);
    const attempt = rig.server.attempt(offer.attempt);
    await rig.server.until(() => attempt.fin !== null);
    return attempt;
  }

  it("prints, shows a result and leaves an artefact", async () => {
    const attempt = await finished("print('hello')\nopen('/job/out/a.txt', 'w').write('abc')\n1 + 1");

    expect(attempt.exited).toMatchObject({ outcome: "OK", exit: { code: 0, reason: "ended" } });
    expect(framesOf(attempt, "stream")[0]!["content"]).toMatchObject({ text: "hello\n" });
    expect(framesOf(attempt, "display")[0]!["content"]).toMatchObject({ data: { "text/plain": "2" } });
    expect(framesOf(attempt, "result")[0]!["artefacts"]).toMatchObject([{ path: "a.txt", size: 3 }]);
  });

  it.each([
    ["raises", "1 / 0", "USER_ERROR"],
    ["exits", "import os\nos._exit(7)", "USER_ERROR"],
    [
      "wants too much memory",
      "x = bytearray(10 ** 10)\nb = [bytearray(b'x' * 10 ** 8) for _ in range(99)]",
      "USER_ERROR",
    ],
    ["forks without end", "import os\nwhile True:\n    os.fork()", "USER_ERROR"],
  ])("that %s ends as the user's own doing", async (_, source, outcome) => {
    const attempt = await finished(source, { runMs: 20_000 });

    expect([outcome, "TIMEOUT"]).toContain(attempt.exited!.outcome);
    expect(attempt.fin!.receipt.price).toBeGreaterThan(0n);
  });

  it("stops on an interrupt and keeps what it printed", async () => {
    await using rig = await TestRig.started();
    const attempt = await rig.running(offerOf("print('up', flush=True)\nwhile True:\n    pass"), "up");

    await rig.server.cancel({
      attempt: attempt.offer.attempt,
      fence: 7,
      mode: "interrupt",
      reason: "cancelled",
      graceMs: 5_000,
    });
    await rig.server.until(() => attempt.fin !== null);

    expect(attempt.exited).toMatchObject({ outcome: "CANCELLED", exit: { reason: "cancelled" } });
    expect(framesOf(attempt, "result")[0]).toMatchObject({ outcome: "interrupted" });
  });

  it("at its time limit is terminated with its output kept", async () => {
    const attempt = await finished("print('up', flush=True)\nwhile True:\n    pass", { runMs: 4_000 });

    expect(attempt.exited).toMatchObject({ outcome: "TIMEOUT" });
    expect(framesOf(attempt, "stream")[0]!["content"]).toMatchObject({ text: "up\n" });
  });
});
