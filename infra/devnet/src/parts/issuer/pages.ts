import type { DemoAccount } from "./accounts.ts";
import { html, page } from "./page.ts";
import type { Html } from "./page.ts";

/** The sign-in page. `action` is where the form goes; `error` is said above it. */
export function signInPage(action: string, accounts: readonly DemoAccount[], error?: string): string {
  return page(
    "Demo sign-in",
    html`<p>
        Nebula Campus on this machine. These are demo accounts; nothing outside this machine knows them.
      </p>
      ${error === undefined ? [] : html`<p role="alert">${error}</p>`}
      <form method="post" action="${action}">
        <label for="username">Username</label>
        <input
          id="username"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          autofocus
        />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button id="kc-login" type="submit">Sign in</button>
      </form>
      <h2 id="accounts">Demo accounts</h2>
      <ul aria-labelledby="accounts">
        ${accounts.map((account) => accountItem(action, account))}
      </ul>`,
  );
}

function accountItem(action: string, account: DemoAccount): Html {
  const { username, password, givenName, familyName, realmRoles } = account;
  return html`<li>
    <form method="post" action="${action}">
      <input type="hidden" name="username" value="${username}" /><input
        type="hidden"
        name="password"
        value="${password}"
      />
      <button type="submit">
        ${givenName} ${familyName}, ${realmRoles.join(", ")}<br /><span>${username} / ${password}</span>
      </button>
    </form>
  </li>`;
}

/** Asks for the code that a terminal shows. `form` is the library's form, with its id `op.deviceInputForm`. */
export function deviceInputPage(form: Html, error?: string): string {
  return page(
    "Connect a terminal",
    html`<p>Enter the code that the terminal shows.</p>
      ${error === undefined ? [] : html`<p role="alert">${error}</p>`} ${form}`,
  );
}

/** Asks whether the shown code is the one in the terminal. */
export function deviceConfirmPage(form: Html, userCode: string, client: string): string {
  return page(
    "Connect a terminal",
    html`<p>${client} asks to act for you. Go on only if your terminal shows this code:</p>
      <p><code>${userCode}</code></p>
      ${form}
      <button type="submit" form="op.deviceConfirmForm">Connect</button>
      <button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Cancel</button>`,
  );
}

/** Asks whether to sign out; `form` is the library's form, with its id `op.logoutForm`. */
export function signOutPage(form: Html): string {
  return page(
    "Sign out",
    html`<p>Sign out of the demo campus in this browser?</p>
      ${form}
      <button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
      <button type="submit" form="op.logoutForm">Stay signed in</button>`,
  );
}

/** A page that only says something. */
export function messagePage(title: string, message: string): string {
  return page(title, html`<p>${message}</p>`);
}
