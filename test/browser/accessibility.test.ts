import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { action, signInAndRun, strip, test, untilSettled } from "./lab.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const OURS = [".jp-nebula-Strip", ".jp-nebula-Balance", ".jp-nebula-RunButton"];
// The last one is what JupyterLab begins with; the choice is kept for the tests to come.
const THEMES = ["JupyterLab Dark", "JupyterLab Dark High Contrast", "JupyterLab Light"];

/** What axe calls serious or worse in what the extension shows, and contrasts that it could not measure. */
async function faultsOf(page: Page): Promise<string[]> {
  const { violations, incomplete, passes } = await page.evaluate(async (include) => {
    const { axe: checker } = globalThis as unknown as { axe: typeof axe }; // put there by AXE
    return checker.run({ include });
  }, OURS);
  expect(passes.map(({ id }) => id)).toContain("color-contrast");
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  // A sign such as ✓ is no letter to axe; it has the colour of the text beside it.
  const unmeasured = incomplete
    .filter(({ id }) => id === "color-contrast")
    .map((rule) => ({ ...rule, nodes: rule.nodes.filter(({ html }) => !html.includes("Strip-mark")) }));
  return [...serious, ...unmeasured].flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${html} ${failureSummary}`),
  );
}

async function turnTo(page: Page, theme: string): Promise<void> {
  await page.getByRole("menuitem", { name: "Settings", exact: true }).click();
  await page
    .locator(".lm-Menu-item")
    .filter({ hasText: /^Theme/ })
    .hover();
  await page.locator(".lm-Menu-item").getByText(theme, { exact: true }).click();
  await page.locator(`body[data-jp-theme-name="${theme}"]`).waitFor({ state: "attached" });
  await page.locator("#jupyterlab-splash").waitFor({ state: "detached" });
}

test("strip, status bar and button are accessible in every theme", async ({ lab }) => {
  const page = await lab.open("themes", [{ id: "hello", source: "print('hello')" }]);
  await page.addScriptTag({ content: await readFile(AXE, "utf8") });
  // JupyterLab's body is no pixel high; axe takes what lies in it for invisible, and measures no contrast.
  await page.addStyleTag({ content: "body { height: 100vh; }" });
  await signInAndRun(page);
  await untilSettled(page);
  await action(page, "verify-receipt").click();
  await strip(page).locator(".jp-nebula-Strip-verdict").waitFor();

  for (const theme of THEMES) {
    await turnTo(page, theme);
    await lab.picture(page, theme.toLowerCase().replaceAll(" ", "-"));
    expect(await faultsOf(page), theme).toEqual([]);
  }
});
