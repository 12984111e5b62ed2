import { expect } from "vitest";
import { GATE, openGate } from "./gate.ts";
import { action, outputs, signIn, signInAndRun, test, untilReady, untilSettled, untilTitled } from "./lab.ts";
import { savedCell } from "./notebook-files.ts";

const WAITS = `print("before the reload")\n${GATE}\nprint("after it")`;
const COUNTS = "import time\nfor n in range(1, 31):\n    print('line', n)\n    time.sleep(0.1)";

test("a page reloaded in the middle of a run shows all of it and follows on", async ({ lab }) => {
  const page = await lab.open("reloaded", [{ id: "waits", source: WAITS }]);
  await signInAndRun(page);
  await outputs(page).getByText("before the reload").waitFor();

  await page.reload();
  await untilReady(page);
  await untilTitled(page, /^Not followed now$/);
  await lab.picture(page, "reloaded");
  await signIn(page, () => action(page, "sign-in").click());
  await untilTitled(page, /^Running on/);
  await openGate(lab.facts);
  await untilTitled(page, /^Finished$/);

  expect(await outputs(page).innerText()).toBe("before the reload\nafter it\n");
});

test("a browser that was closed in the middle of a run misses nothing", async ({ lab }) => {
  const first = await lab.open("closed", [{ id: "counts", source: COUNTS }]);
  await signInAndRun(first);
  await outputs(first).getByText("line 1").first().waitFor();
  await lab.closeBrowser();

  const page = await lab.openFile("closed.ipynb");
  await signIn(page, () => action(page, "sign-in").click());
  await untilSettled(page);

  const lines = Array.from({ length: 30 }, (_, index) => `line ${String(index + 1)}\n`).join("");
  expect(await outputs(page).innerText()).toBe(lines);
  await expect
    .poll(async () => (await savedCell(lab.facts.notebooks, "closed.ipynb", "counts")).metadata.nebula)
    .toMatchObject({
      state: "settled",
      isComplete: true,
      settlementTx: expect.stringMatching(/^0x/) as string,
    });
});
