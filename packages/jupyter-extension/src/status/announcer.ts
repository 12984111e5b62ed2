import type { IDisposable } from "@lumino/disposable";

/** The page's one live region: says aloud what changed, without moving anybody's focus. */
export class Announcer implements IDisposable {
  readonly #node: HTMLElement;

  constructor(document: Document) {
    this.#node = document.createElement("div");
    this.#node.className = "jp-nebula-Announcer";
    this.#node.setAttribute("role", "status");
    this.#node.setAttribute("aria-live", "polite");
    document.body.append(this.#node);
  }

  get isDisposed(): boolean {
    return !this.#node.isConnected;
  }

  /** Says `text`, once: the same words again are silent. */
  say(text: string): void {
    if (this.#node.textContent !== text) this.#node.textContent = text;
  }

  dispose(): void {
    this.#node.remove();
  }
}
