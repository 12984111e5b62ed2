/** Ids of the commands; they are the public names by which menus, shortcuts and scripts call them. */
export const COMMANDS = {
  runCells: "nebula:run-cells",
  cancel: "nebula:cancel",
  signIn: "nebula:sign-in",
  signOut: "nebula:sign-out",
  showReceipt: "nebula:show-receipt",
  verifyReceipt: "nebula:verify-receipt",
  saveLog: "nebula:save-log",
  saveFiles: "nebula:save-files",
  /** Submits again what was not submitted. */
  retry: "nebula:retry-press",
  /** Takes the strip of what was not submitted away. */
  dismiss: "nebula:dismiss-press",
} as const;

/** Arguments of the commands that are about one job: the cell whose job is meant; default the active cell. */
export const CELL_ARGS = {
  type: "object",
  properties: {
    cellId: { type: "string", description: "Id of a cell of the current notebook; default: the active cell" },
  },
} as const;

export const NO_ARGS = { type: "object", properties: {} } as const;
