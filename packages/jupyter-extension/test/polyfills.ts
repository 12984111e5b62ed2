// What JupyterLab's modules expect of a browser and jsdom does not have. Import before anything of JupyterLab.
import { afterEach, vi } from "vitest";

class Observer {
  observe(): void {
    // Nothing is laid out here, so nothing ever comes into view or changes its size.
  }
  unobserve(): void {
    // See observe.
  }
  disconnect(): void {
    // See observe.
  }
}

Object.assign(globalThis, {
  DragEvent: globalThis.MouseEvent,
  ResizeObserver: Observer,
  IntersectionObserver: Observer,
  requestIdleCallback: (work: () => void) => setTimeout(work),
  cancelIdleCallback: (handle: number) => {
    clearTimeout(handle);
  },
});
Object.defineProperty(globalThis.navigator, "clipboard", { value: {} });
Object.assign(globalThis.window, {
  matchMedia: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }),
});

// Yjs warns about cells that are not in a document yet; JupyterLab's notebook model makes each cell that way.
const { warn } = console;
vi.spyOn(console, "warn").mockImplementation((...parts: unknown[]) => {
  if (!/Invalid access: Add Yjs type|yjs#509/.test(String(parts[0]))) warn(...parts);
});

afterEach(() => {
  vi.useRealTimers();
});
