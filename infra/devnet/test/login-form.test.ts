import { expect, test } from "vitest";
import { formWithPassword } from "../src/demo/login-form.ts";

const KEYCLOAK = `<form id="kc-form-login" onsubmit="login.disabled = true; return true;"
  action="http://127.0.0.1/login-actions/authenticate?session_code=a&amp;execution=b" method="post">
  <input tabindex="2" id="username" name="username" value="" type="text" autofocus>
  <input tabindex="3" id="password" name="password" type="password">
  <input type="hidden" id="id-hidden-input" name="credentialId" value="c&quot;d">
  <input tabindex="7" name="login" id="kc-login" type="submit" value="Sign In"/></form>`;

test("the form of Keycloak's page is read with its hidden fields", () => {
  const form = formWithPassword(`<form action="/search"><input name="q"></form>${KEYCLOAK}`);

  expect(form?.action).toBe("http://127.0.0.1/login-actions/authenticate?session_code=a&execution=b");
  expect([...(form?.fields ?? [])]).toContainEqual(["credentialId", 'c"d']);
});

test("a page without a password field has no such form", () => {
  expect(
    formWithPassword('<form action="/x"><input type="hidden" name="password" value="p"></form>'),
  ).toBeUndefined();
});
