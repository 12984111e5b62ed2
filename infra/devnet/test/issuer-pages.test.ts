import { createServer } from "node:http";
import { expect, test } from "vitest";
import { cookieJar } from "../src/demo/cookie-jar.ts";
import type { CookieJar } from "../src/demo/cookie-jar.ts";
import { signInPage } from "../src/parts/issuer/pages.ts";
import { html } from "../src/parts/issuer/page.ts";
import { closeServer, listen } from "../src/process/http-server.ts";
import { freePort } from "../src/process/ports.ts";
import { readBody } from "../src/process/request-body.ts";
import { CALLBACK, PAGE, anIssuer, postForm, verified } from "./support/issuer.ts";
import { temporaryFolder } from "./support/folder.ts";

interface Page {
  readonly url: URL;
  readonly text: string;
}

/** Follows redirects as a browser does, and stops at a page or at the client's address. */
async function browse(jar: CookieJar, url: URL, form?: Record<string, string>): Promise<Page> {
  const init = form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) };
  const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie: jar.header(url) } });
  jar.keep(url, response.headers.getSetCookie());
  const location = response.headers.get("location");
  if (location === null) return { url, text: await response.text() };
  const next = new URL(location, url);
  return next.href.startsWith(CALLBACK) || next.origin === PAGE
    ? { url: next, text: "" }
    : await browse(jar, next);
}

const hidden = (page: Page, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? "";
const target = (page: Page): URL => new URL(/action="([^"]*)"/.exec(page.text)?.[1] ?? "", page.url);

test("a terminal is connected by its code, through sign-in and confirmation", async () => {
  await using folder = await temporaryFolder();
  await using issuer = await anIssuer(folder.path);
  const started = await postForm(issuer.url, "auth/device", {
    client_id: "nebula-cli",
    scope: "openid profile",
  });
  const device = (await started.json()) as {
    device_code: string;
    user_code: string;
    verification_uri: string;
  };
  const poll = () =>
    postForm(issuer.url, "token", {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: device.device_code,
      client_id: "nebula-cli",
    });
  expect(await (await poll()).json()).toMatchObject({ error: "authorization_pending" });

  const jar = cookieJar();
  const asked = await browse(jar, new URL(device.verification_uri));
  expect(asked.text).toContain('<label for="user_code">');
  const shown = await browse(jar, target(asked), {
    xsrf: hidden(asked, "xsrf"),
    user_code: device.user_code,
  });
  expect(shown.text).toContain(device.user_code);
  const signIn = await browse(jar, target(shown), {
    xsrf: hidden(shown, "xsrf"),
    user_code: device.user_code,
    confirm: "yes",
  });
  const done = await browse(jar, signIn.url, { username: "prof", password: "prof" });
  expect(done.text).toContain("Connected");

  const tokens = (await (await poll()).json()) as { access_token: string };
  const { claims } = await verified(issuer.url, tokens.access_token);
  expect(claims).toMatchObject({ azp: "nebula-cli", preferred_username: "prof", aud: "nebula-server" });
});

test("a wrong terminal code is said on the page", async () => {
  await using folder = await temporaryFolder();
  await using issuer = await anIssuer(folder.path);
  const jar = cookieJar();
  const asked = await browse(jar, new URL(`${issuer.url}/device`));

  const again = await browse(jar, target(asked), { xsrf: hidden(asked, "xsrf"), user_code: "BCDF-GHJK" });

  expect(again.text).toContain('role="alert"');
});

test("signing out ends the session and tells the server which one", async () => {
  await using folder = await temporaryFolder();
  const told: string[] = [];
  const server = createServer((request, response) => {
    void readBody(request, 10_000).then((body) => {
      told.push(body ?? "");
      response.end();
    });
  });
  const port = await freePort();
  await listen(server, port);
  await using issuer = await anIssuer(folder.path, {
    backchannelLogoutUri: `http://127.0.0.1:${String(port)}/backchannel-logout`,
  });
  const jar = cookieJar();
  const challenge = { code_challenge: "a".repeat(43), code_challenge_method: "S256" };
  const client = { response_type: "code", client_id: "nebula-lab", redirect_uri: CALLBACK, scope: "openid" };
  const start = new URL(
    `${issuer.url}/protocol/openid-connect/auth?${String(new URLSearchParams({ ...client, ...challenge }))}`,
  );
  const page = await browse(jar, start);
  await browse(jar, page.url, { username: "ada", password: "ada" });
  expect((await browse(jar, start)).url.searchParams.get("code")).not.toBeNull();

  const leave = new URLSearchParams({ client_id: "nebula-lab", post_logout_redirect_uri: PAGE });
  const asked = await browse(jar, new URL(`${issuer.url}/protocol/openid-connect/logout?${String(leave)}`));
  const left = await browse(jar, target(asked), { xsrf: hidden(asked, "xsrf"), logout: "yes" });

  expect(left.url.origin).toBe(PAGE);
  const logoutToken = new URLSearchParams(told[0]).get("logout_token") ?? "";
  const { claims } = await verified(issuer.url, logoutToken);
  expect(claims).toMatchObject({ aud: "nebula-lab", sid: expect.any(String) as string });
  expect((await browse(jar, start)).text).toContain("Demo sign-in");
  await closeServer(server);
});

test("the sign-in page names its fields, lists the demo accounts and works without scripts", async () => {
  const account = {
    id: "1",
    username: "ada",
    password: "ada",
    givenName: "Ada",
    familyName: "<Byron>",
    email: "",
    realmRoles: ["student"],
    serverRoles: [],
  };

  const page = signInPage("/go?a=1&b=2", [account], "Wrong.");

  expect(page).toContain('<label for="username">');
  expect(page).toContain('<label for="password">');
  expect(page).toContain('<p role="alert">Wrong.</p>');
  expect(page).toContain("Ada &lt;Byron&gt;");
  expect(page).toContain('action="/go?a=1&amp;b=2"');
  expect(page).not.toContain("<script");
});

test("pages escape what is put into them", () => {
  expect(html`<p title="${'"'}">${"<b>&"}</p>`.html).toBe('<p title="&quot;">&lt;b&gt;&amp;</p>');
});
