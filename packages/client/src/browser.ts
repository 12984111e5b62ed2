export { popupSignIn, SIGN_IN_CHANNEL, type PopupOptions, type SignInMessage } from "./sign-in/popup.ts";
