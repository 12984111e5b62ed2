import type { Configuration, ErrorOut, KoaContextWithOIDC } from "oidc-provider";
import { PAGE_HEADERS } from "./page.ts";
import { deviceConfirmPage, deviceInputPage, messagePage, signOutPage } from "./pages.ts";

type Features = Pick<NonNullable<Configuration["features"]>, "deviceFlow" | "rpInitiatedLogout">;

/** The pages of the device flow and of signing out, around the library's own forms (whose texts it has escaped). */
export function deviceAndLogoutPages(): Features {
  return {
    deviceFlow: {
      enabled: true,
      mask: "****-****",
      userCodeInputSource: (ctx, form, ...[, error]) => {
        const said =
          error === undefined
            ? undefined
            : "This code is not known, was used, or has expired. Look at the terminal again.";
        show(ctx, deviceInputPage({ html: withLabelAndButton(form) }, said));
      },
      userCodeConfirmSource: (ctx, form, ...[client, , userCode]) =>
        show(ctx, deviceConfirmPage({ html: form }, userCode, client.clientName ?? client.clientId)),
      successSource: (ctx) =>
        show(ctx, messagePage("Connected", "You can close this page and go back to the terminal.")),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => show(ctx, signOutPage({ html: form })),
      postLogoutSuccessSource: (ctx) =>
        show(ctx, messagePage("Signed out", "You are signed out of the demo campus.")),
    },
  };
}

/** Tells in the browser why a request to the issuer failed. */
export function errorPage(
  ctx: KoaContextWithOIDC,
  { error, error_description: description }: ErrorOut,
): void {
  show(ctx, messagePage("The sign-in failed", description ?? error));
}

function show(ctx: KoaContextWithOIDC, text: string): void {
  ctx.set(PAGE_HEADERS);
  ctx.body = text;
}

function withLabelAndButton(form: string): string {
  const label = '<label for="user_code">Code</label>';
  const open = form
    .replace(/<input\s+type="text"/, '<input type="text" id="user_code"')
    .replace(/(<form[^>]*>)/, `$1${label}`);
  return open.replace("</form>", '<button type="submit">Go on</button></form>');
}
