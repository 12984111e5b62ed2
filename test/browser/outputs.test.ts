import { expect } from "vitest";
import { GATE, openGate } from "./gate.ts";
import { action, outputs, signInAndRun, selectCell, strip, test, untilTitled } from "./lab.ts";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const RICH = `
import base64
from IPython.display import HTML, Image, display
print("first line")
shown = display(HTML("<b>before</b>"), display_id=True)
${GATE}for step in range(1, 4): print(f"\\rstep {step} of 3", end="", flush=True)
shown.update(HTML("<b>after</b>"))
display(Image(base64.b64decode("${PIXEL}"), width=40))
sum(range(10))
`;

test("a cell shows its output while it runs, as a kernel of this machine would", async ({
  lab,
  annotate,
}) => {
  const page = await lab.open("rich", [{ id: "rich", source: RICH }]);
  await signInAndRun(page);
  const pressed = performance.now();
  await outputs(page).getByText("first line").waitFor();
  await annotate(`press to first output: ${(performance.now() - pressed).toFixed(0)} ms`);
  await untilTitled(page, /^Running on/);
  expect(await outputs(page).locator("b").innerText()).toBe("before");
  await lab.picture(page, "running");

  await openGate(lab.facts);
  await untilTitled(page, /^Finished$/);

  expect(await outputs(page).locator("b").allInnerTexts()).toEqual(["after"]);
  expect(await outputs(page).innerText()).toMatch(/first line[^]*step 3 of 3[^]*45/);
  expect(await outputs(page).innerText()).not.toContain("step 1");
  const width = await outputs(page)
    .locator("img")
    .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth); // an HTMLImageElement
  expect(width).toBe(1);
  await lab.picture(page, "finished");
});

test("a failed cell shows its traceback, who can act and what was charged", async ({ lab }) => {
  const page = await lab.open("failed", [
    { id: "defines", source: "answer = 42" },
    { id: "uses", source: "def half(value):\n    return value / 2\n\nhalf(answer)" },
  ]);
  await selectCell(page, 1);
  await signInAndRun(page);
  await untilTitled(page, /^Failed$/);

  expect(await outputs(page).last().innerText()).toMatch(/half\(answer\)[^]*NameError: name 'answer'/);
  expect(await strip(page).innerText()).toMatch(/[\d.]+ NBAI charged[^]*You can act[^]*fresh kernel/);
  await lab.picture(page, "failed");
});

test("a cancelled job keeps its output and says what was charged", async ({ lab }) => {
  const page = await lab.open("cancelled", [{ id: "endless", source: "print('kept')\nwhile True: pass" }]);
  await signInAndRun(page);
  await outputs(page).getByText("kept").waitFor();

  await action(page, "cancel").click();
  await untilTitled(page, /^Cancelled$/);

  expect(await outputs(page).innerText()).toContain("kept");
  expect(await strip(page).innerText()).toMatch(/[\d.]+ NBAI charged/);
  await lab.picture(page, "cancelled");
});
