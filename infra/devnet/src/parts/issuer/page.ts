/** A piece of HTML: text put into it has been escaped. */
export interface Html {
  readonly html: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Builds HTML; every value that is not `Html` itself is escaped. */
export function html(
  strings: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  const render = (value: string | Html | readonly Html[]): string => {
    if (typeof value === "string") return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
    return "html" in value ? value.html : value.map(render).join("");
  };
  return {
    html: strings
      .map((text, index) => text + (index < values.length ? render(values[index] ?? "") : ""))
      .join(""),
  };
}

const STYLE = `
:root { color-scheme: light dark; --back: #f4f5f7; --card: #fff; --text: #1c2430; --soft: #56606e; --line: #7b8694; --accent: #1f55c4; --on: #fff; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --back: #12161c; --card: #1b2129; --text: #e8ecf1; --soft: #a9b3bf; --line: #8490a0; --accent: #8ab0ff; --on: #0d1420; --bad: #ffb4ab } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
main { width: min(26rem, 100%); background: var(--card); border-radius: .75rem; padding: 2rem; box-shadow: 0 1px 3px rgb(0 0 0 / .25) }
h1 { font-size: 1.35rem; margin: 0 0 .25rem } h2 { font-size: 1rem; margin: 1.75rem 0 .5rem } p { margin: .25rem 0 1rem; color: var(--soft) }
label { display: block; margin: .75rem 0 .25rem; font-weight: 600 }
input { width: 100%; font: inherit; padding: .55rem .7rem; border: 1px solid var(--line); border-radius: .4rem; background: transparent; color: inherit }
button { font: inherit; min-height: 2.75rem; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: .4rem; background: var(--accent); color: var(--on); cursor: pointer }
form > button { width: 100%; margin-top: 1.25rem } ul { list-style: none; margin: 0; padding: 0 } li + li { margin-top: .5rem }
li button { width: 100%; margin: 0; text-align: left; background: transparent; color: inherit; border-color: var(--line) } li button span { color: var(--soft) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
[role=alert] { color: var(--bad); font-weight: 600 } code { font-size: 1.2rem; letter-spacing: .1em }
`;

/** A whole page in the look of the demo sign-in. */
export function page(title: string, content: Html): string {
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Nebula Campus</title>
        <style>
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `;
  return body.html;
}

/** Headers of every page. No COOP: a page that opened this one in a popup must be able to hear from it. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};
