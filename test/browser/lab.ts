import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, expect, inject, test as base } from "vitest";
import type { BrowserFacts } from "./global-setup.ts";
import { layNotebook } from "./notebook-files.ts";
import type { CellSketch } from "./notebook-files.ts";

const SCREENSHOTS = join(import.meta.dirname, "output");
/** For what a person waits for: a page, a window, a job. */
export const PATIENCE_MS = 60_000;

/** A browser of one student, and what the tests do with it. */
export interface Lab {
  readonly facts: BrowserFacts;
  /** Lays a notebook into the student's folder and opens it. */
  open(name: string, cells: readonly CellSketch[]): Promise<Page>;
  /** Opens a notebook that is there. */
  openFile(path: string): Promise<Page>;
  /** Closes the browser and everything in it; what is opened next is a new one, without its cookies. */
  closeBrowser(): Promise<void>;
  /** Keeps a picture of the page under `output/`. */
  picture(page: Page, name: string): Promise<void>;
}

function watch(page: Page, problems: string[]): void {
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${message.text()} (${message.location().url})`);
  });
}

/** Ends the local kernels that JupyterLab started for the opened notebooks. */
async function endKernels({ labUrl }: BrowserFacts): Promise<void> {
  const { origin, searchParams } = new URL(labUrl);
  const headers = { authorization: `token ${searchParams.get("token") ?? ""}` };
  const answer = await fetch(`${origin}/api/sessions`, { headers });
  const sessions = (await answer.json()) as readonly { id: string }[]; // JupyterLab's REST interface
  for (const { id } of sessions)
    await fetch(`${origin}/api/sessions/${id}`, { method: "DELETE", headers }).catch(() => undefined);
}

class StudentLab implements Lab {
  readonly facts: BrowserFacts;
  readonly #browser: Browser;
  readonly problems: string[] = [];
  #context: BrowserContext | null = null;

  constructor(facts: BrowserFacts, browser: Browser) {
    this.facts = facts;
    this.#browser = browser;
  }

  async open(name: string, cells: readonly CellSketch[]): Promise<Page> {
    await layNotebook(join(this.facts.notebooks, `${name}.ipynb`), cells);
    return this.openFile(`${name}.ipynb`);
  }

  async openFile(path: string): Promise<Page> {
    this.#context ??= await this.#browser.newContext({ viewport: { width: 1400, height: 1000 } });
    const page = await this.#context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    watch(page, this.problems);
    const url = new URL(this.facts.labUrl);
    // A workspace of its own: the default one would open the notebooks of earlier tests again.
    url.pathname = `/lab/workspaces/${path.replaceAll(/\W/g, "-")}/tree/${path}`;
    await page.goto(url.href);
    await untilReady(page);
    return page;
  }

  async closeBrowser(): Promise<void> {
    await this.#context?.close();
    this.#context = null;
  }

  async picture(page: Page, name: string): Promise<void> {
    await mkdir(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }
}

/** Waits until the notebook is shown and the campus has answered. */
export async function untilReady(page: Page): Promise<void> {
  await page.locator(".jp-Notebook .jp-CodeCell .cm-content").first().waitFor();
  await balance(page)
    .filter({ hasText: /Sign in|left/ })
    .waitFor();
}

export const balance = (page: Page): Locator => page.locator(".jp-nebula-Balance-button");
export const runButton = (page: Page): Locator =>
  page.locator(".jp-NotebookPanel-toolbar .jp-nebula-RunButton jp-button");
export const runLabel = (page: Page): Locator => runButton(page).locator(".jp-ToolbarButtonComponent-label");
export const strip = (page: Page): Locator => page.locator(".jp-nebula-Strip-body");
export const stripTitle = (page: Page): Locator => page.locator(".jp-nebula-Strip-title");
export const action = (page: Page, name: string): Locator => page.locator(`[data-action="${name}"]`);
export const outputs = (page: Page): Locator => page.locator(".jp-Cell-outputArea");

/** Waits until the job of the page has this title. */
export async function untilTitled(page: Page, title: RegExp): Promise<void> {
  await stripTitle(page).filter({ hasText: title }).waitFor();
}

/** Waits until the job of the page is paid for on the chain. */
export async function untilSettled(page: Page, timeout = PATIENCE_MS): Promise<void> {
  await strip(page).getByText("settled on the chain", { exact: true }).waitFor({ timeout });
}

/** Opens the sign-in window by `click` and signs in as ada, unless the issuer knows the browser already. */
export async function signIn(page: Page, click: () => Promise<void>): Promise<void> {
  const [popup] = await Promise.all([page.waitForEvent("popup"), click()]);
  const closed = popup.waitForEvent("close");
  const form = popup.locator("#username");
  await Promise.race([form.waitFor().catch(() => undefined), closed]);
  if (!popup.isClosed()) {
    await form.fill("ada");
    await popup.locator("#password").fill("ada");
    await popup.locator("#kc-login").click();
  }
  await closed;
  await balance(page).filter({ hasText: "ada" }).waitFor();
}

/** Selects a cell by its number among the code cells, without editing it. */
export async function selectCell(page: Page, index: number): Promise<void> {
  await page.locator(".jp-CodeCell .jp-InputPrompt").nth(index).click();
}

/** Signs in by the button and presses it once the price stands on it. */
export async function signInAndRun(page: Page): Promise<void> {
  await signIn(page, () => runButton(page).click());
  await pressRun(page);
}

/** Presses *Run on GPU* once the price stands on it. */
export async function pressRun(page: Page): Promise<void> {
  await runButton(page)
    .filter({ hasText: /[≈≤] [\d.–]+ NBAI/ })
    .click();
}

const facts = inject("browserFacts");
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const browser =
  typeof facts === "string"
    ? null
    : stack.adopt(await chromium.connect(facts.browser), (connected) => connected.close());

/** A test with a student's browser of its own. Nothing on the pages may have complained when it ends. */
export const test = base.extend("lab", async ({ skip }, { onCleanup }): Promise<Lab> => {
  if (typeof facts === "string") return skip(facts);
  if (browser === null) throw new Error("expected a browser");
  const lab = new StudentLab(facts, browser);
  onCleanup(async () => {
    await lab.closeBrowser();
    await endKernels(facts);
    expect(lab.problems).toEqual([]);
  });
  return lab;
});
