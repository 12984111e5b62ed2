import { expect } from "vitest";
import type { Page } from "playwright-core";
import {
  action,
  outputs,
  runButton,
  selectCell,
  signInAndRun,
  strip,
  test,
  untilSettled,
  untilTitled,
} from "./lab.ts";
import { savedCell } from "./notebook-files.ts";

const LESSON = "01-cnn/01-cnn.ipynb";
const LESSON_MS = 200_000;

/** Waits until the network has learned for a while, and gives what the bar says. */
async function progressOf(page: Page): Promise<string> {
  const bar = strip(page).locator('[role="progressbar"]');
  await strip(page)
    .getByText(/epoch \d of \d/)
    .waitFor({ timeout: LESSON_MS });
  return (await bar.getAttribute("aria-valuenow")) ?? "";
}

/** Presses *Save files* and gives the names of the downloads, sorted. */
async function savedFiles(page: Page, count: number): Promise<string[]> {
  const names: string[] = [];
  const { promise: all, resolve } = Promise.withResolvers<undefined>();
  page.on("download", (file) => {
    names.push(file.suggestedFilename());
    if (names.length === count) resolve(undefined);
  });
  await action(page, "save-files").click();
  await all;
  return names.sort();
}

test(
  "the whole first lesson runs as one job, and its receipt holds",
  { timeout: LESSON_MS },
  async ({ lab }) => {
    const page = await lab.openFile(LESSON);
    await selectCell(page, 0);
    await page.keyboard.press("Control+a");
    await signInAndRun(page);

    expect(Number(await progressOf(page))).toBeGreaterThanOrEqual(0);
    await lab.picture(page, "lesson-running");
    await untilSettled(page, LESSON_MS);
    await untilTitled(page, /^Finished$/);
    await action(page, "verify-receipt").click();
    await strip(page).locator(".jp-nebula-Strip-verdict").waitFor();

    expect(await strip(page).locator(".jp-nebula-Strip-verdict").innerText()).toContain("is verified");
    expect(await strip(page).locator('li:not([data-ok="true"])').count()).toBe(0);
    await runButton(page)
      .filter({ hasText: /≈ [\d.–]+ NBAI/ })
      .waitFor();
    await lab.picture(page, "lesson-verified");
    expect(await savedFiles(page, 2)).toEqual(["metrics.json", "network.keras"]);
    const { metadata, outputs: kept } = await savedCell(lab.facts.notebooks, LESSON, "check");
    expect(metadata.nebula).toMatchObject({ state: "settled", failure: null, isComplete: true });
    expect(JSON.stringify(kept)).toContain("Passed.");
    await page.keyboard.press("Control+End");
    await outputs(page).getByText("Passed.").scrollIntoViewIfNeeded();
    await lab.picture(page, "lesson-end");
  },
);
