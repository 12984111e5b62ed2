import "../polyfills.ts";
import { nullTranslator } from "@jupyterlab/translation";
import axe from "axe-core";
import { Widget } from "@lumino/widgets";
import { beforeEach, afterEach, expect, it, vi } from "vitest";
import { JobStrip } from "../../src/strip/JobStrip.tsx";
import type { StripAction, StripView } from "../../src/strip/view.ts";

const trans = nullTranslator.load("nebula");
const STRIP: StripView = {
  tone: "busy",
  title: "Running on rig-lab-3",
  facts: ["class cpu", "0:12"],
  bar: { fraction: 0.254, note: "epoch 3 of 12" },
  notes: ["A note"],
  actions: ["cancel"],
  checks: [
    { name: "price", ok: true, detail: "as ordered" },
    { name: "log", ok: false, detail: "differs" },
    { name: "cells", ok: null, detail: "not given" },
  ],
  verdict: "The receipt does not hold: 1 check failed.",
};

let strip: JobStrip | null = null;

async function show(shown: StripView | string | null, act: (action: StripAction) => void = () => undefined) {
  strip = new JobStrip({ trans, act, look: () => shown });
  Widget.attach(strip, document.body);
  strip.refresh();
  await vi.waitFor(() => {
    if (shown !== null && strip?.node.childElementCount === 0) throw new Error("Nothing is drawn yet");
  });
  return strip.node;
}

afterEach(() => {
  strip?.dispose();
});

beforeEach(() => {
  document.documentElement.lang = "en";
});

it("is laid out with a bar, notes, buttons and checks", async () => {
  const body = await show(STRIP);

  expect(body.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")).toBe("25");
  expect([...body.querySelectorAll("button")].map((button) => button.textContent)).toEqual(["Cancel job"]);
  expect([...body.querySelectorAll("li [role=img]")].map((mark) => mark.getAttribute("aria-label"))).toEqual([
    "holds",
    "does not hold",
    "not looked at",
  ]);
});

it("has a bar without a value while the code reports nothing", async () => {
  const body = await show({ ...STRIP, bar: { fraction: null, note: "" } });

  expect(body.querySelector("[role=progressbar]")?.hasAttribute("aria-valuenow")).toBe(false);
});

it("shows what a job printed into its notes as text, never as markup", async () => {
  const body = await show({ ...STRIP, notes: ["<img src=x onerror=alert(1)>"] });

  expect(body.querySelector("img")).toBeNull();
});

it("has no fault that axe finds", async () => {
  const { violations } = await axe.run(await show(STRIP), {
    rules: { region: { enabled: false }, "color-contrast": { enabled: false } },
  });

  expect(violations.map((violation) => `${violation.id}: ${violation.help}`)).toEqual([]);
});

it("does what its buttons say", async () => {
  const acted: StripAction[] = [];
  const body = await show(STRIP, (action) => acted.push(action));

  body.querySelector("button")?.click();

  expect(acted).toEqual(["cancel"]);
});

it("is one line in a cell that only takes part, and hidden where there is nothing to say", async () => {
  const member = await show("Waiting for the cells before it");
  const empty = await show(null);

  expect(member.textContent).toBe("Waiting for the cells before it");
  expect(empty.classList.contains("lm-mod-hidden")).toBe(true);
});
