import { createHash } from "node:crypto";
import type { Express } from "express";
import { CALLBACK_PATH } from "./browser-rules.ts";

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto; padding: 0 1.25rem; }
h1 { font-size: 1.4rem; }
a { color: LinkText; }
code { font-size: 0.95em; }
`;

/** Channel and message as the client library knows them. */
const CALLBACK_SCRIPT = `
const query = new URLSearchParams(location.search);
const message = { type: "nebula:sign-in", state: query.get("state") ?? "" };
for (const name of ["code", "error"]) if (query.has(name)) message[name] = query.get(name);
history.replaceState(null, "", location.pathname);
const origins = JSON.parse(document.getElementById("origins").textContent);
if (message.state !== "") {
  for (const origin of origins) window.opener?.postMessage(message, origin);
  const channel = new BroadcastChannel("nebula-sign-in");
  channel.postMessage(message);
  channel.close();
}
const said = document.getElementById("said");
if (message.code) said.textContent = "You are signed in. This window can be closed.";
else if (message.error) said.textContent = "The sign-in service refused: " + message.error + ". Close this window and try again.";
else said.textContent = "Nothing came back from the sign-in service. Close this window and start the sign-in again from your notebook.";
if (message.code) setTimeout(() => window.close(), 300);
`;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

function sha256Source(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const PAGE_CSP = `default-src 'none'; style-src ${sha256Source(STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
const CALLBACK_CSP = `${PAGE_CSP}; script-src ${sha256Source(CALLBACK_SCRIPT)}`;

function callbackPage(campusName: string, origins: readonly string[]): string {
  // why: a data block is not run; its content is JSON with every sign that HTML knows written as an escape
  const list = JSON.stringify(origins).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
  return page(
    campusName,
    `<p id="said" role="status">One moment…</p>
<noscript><p>Signing in needs JavaScript.</p></noscript>
<script type="application/json" id="origins">${list}</script>
<script>${CALLBACK_SCRIPT}</script>`,
  );
}

function homePage(campusName: string): string {
  return page(
    campusName,
    `<p>This is the server of a Nebula campus: it takes notebook cells as jobs, places them on rigs, and settles what they cost.
It is used from JupyterLab. A console for professors and campus IT is not part of this version.</p>
<ul>
<li><a href="/v1/campus">Where to sign in, and the chain</a></li>
<li><a href="/v1/offerings">Classes, prices and images</a></li>
<li><a href="/openapi.json">Every route (OpenAPI 3.1)</a></li>
<li><a href="/readyz">State of its parts</a></li>
</ul>`,
  );
}

/** The pages for people: the start page, and the one that hands a sign-in back to the notebook. */
export function bindPages(
  app: Express,
  options: { readonly campusName: string; readonly origins: () => readonly string[] },
): void {
  app.get("/", (_request, response) => {
    response.set("content-security-policy", PAGE_CSP).type("html").send(homePage(options.campusName));
  });
  app.get(CALLBACK_PATH, (_request, response) => {
    response.set({ "content-security-policy": CALLBACK_CSP, "cache-control": "no-store" });
    response.type("html").send(callbackPage(options.campusName, options.origins()));
  });
}
