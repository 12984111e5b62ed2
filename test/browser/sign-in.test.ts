import { expect } from "vitest";
import { balance, outputs, runButton, runLabel, signIn, test, untilSettled } from "./lab.ts";

test("a student signs in through a window, and the button shows the price before it is pressed", async ({
  lab,
}) => {
  const page = await lab.open("price", [{ id: "hello", source: "print('never run before')" }]);
  expect(await runLabel(page).innerText()).toBe("Run on GPU · sign in to see the price");
  await lab.picture(page, "signed-out");

  await signIn(page, () => runButton(page).click());

  await runLabel(page)
    .filter({ hasText: /^Run on GPU · cpu · ≤ [\d.]+ NBAI$/ })
    .waitFor();
  expect(await runButton(page).getAttribute("title")).toMatch(/at most [\d.]+ NBAI[^]*Class cpu has no GPU/);
  expect(await balance(page).innerText()).toMatch(/^[\d.]+ NBAI left · ada$/);
  expect(await outputs(page).innerText()).toBe("");
  await lab.picture(page, "price");
});

test("a student does everything by the keyboard", async ({ lab }) => {
  const page = await lab.open("keyboard", [{ id: "hello", source: "print('by', 'key')" }]);
  await signIn(page, () => page.keyboard.press("Alt+Shift+Enter"));
  await runButton(page).filter({ hasText: "NBAI" }).waitFor();

  await page.keyboard.press("Alt+Shift+Enter");
  await untilSettled(page);
  // From the cell: its toolbar, then the first button of the strip.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect(await page.locator(":focus").innerText()).toBe("Receipt");
  await page.keyboard.press("Enter");
  const receipt = page.locator(".jp-Dialog").filter({ hasText: /Receipt[^]*Given back/ });
  await receipt.waitFor();
  await lab.picture(page, "receipt");
  await page.keyboard.press("Escape");
  await receipt.waitFor({ state: "detached" });
  expect(await outputs(page).innerText()).toBe("by key\n");
});
