import type { CampusHandle } from "../campus/campus.ts";
import { DEMO_ACCOUNTS } from "../parts/issuer/index.ts";

/** What to open and what to press, once everything runs. */
export function welcome(campus: Pick<CampusHandle, "serverUrl" | "issuerUrl" | "labUrl" | "chain">): string {
  const accounts = DEMO_ACCOUNTS.map(
    ({ username, password, realmRoles }) =>
      `  ${username.padEnd(6)} password ${password.padEnd(6)} ${realmRoles.join(", ")}`,
  );
  return [
    "",
    "Nebula Campus is ready.",
    "",
    `  JupyterLab   ${campus.labUrl ?? "not started"}`,
    `  Server       ${campus.serverUrl}   (/openapi.json, /healthz, /metrics)`,
    `  Sign-in      ${campus.issuerUrl}`,
    `  Chain        ${campus.chain.url}   (chain id ${String(campus.chain.chainId)})`,
    "",
    "Demo sign-ins (this machine only):",
    ...accounts,
    "",
    "What to press: open JupyterLab, then 01-cnn/01-cnn.ipynb; click Sign in in the status bar and sign in as ada;",
    "select all cells (Ctrl-A), and press Run on GPU in the toolbar, or Alt-Shift-Enter. The price stands on the button.",
    "Each press runs in a fresh kernel: variables are not kept between presses, cells tagged nebula-setup run first.",
    "",
    "Ctrl-C stops everything. State is kept in .nebula; npm run reset forgets it.",
  ].join("\n");
}
