import { Dialog, showDialog } from "@jupyterlab/apputils";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Bug } from "@nebula/protocol";
import type { JobRun } from "../cell/job-run.ts";
import type { CampusSession } from "../session/campus-session.ts";
import { CELL_ARGS, COMMANDS } from "./ids.ts";
import { download, downloadName } from "./download.ts";
import { logText } from "./log-text.ts";
import { ReceiptBody } from "./ReceiptBody.tsx";
import { reportError } from "./report.ts";
import type { Selection } from "./selection.ts";

export interface ReceiptContext {
  readonly selection: Selection;
  readonly session: CampusSession;
  readonly trans: TranslationBundle;
}

async function showReceipt({ session, trans }: ReceiptContext, jobId: string): Promise<void> {
  const bundle = await session.client.call("getReceipt", { params: { jobId } });
  await showDialog({
    title: trans.__("Receipt"),
    body: new ReceiptBody(bundle, trans),
    buttons: [Dialog.okButton({ label: trans.__("Close") })],
  });
}

/** Checks a receipt against the chain: the server's word is taken for nothing but where the chain is. */
async function verify({ session }: ReceiptContext, run: JobRun, jobId: string): Promise<void> {
  const { campus, client } = session;
  if (campus === null) return;
  run.showVerification(null);
  const bundle = await client.call("getReceipt", { params: { jobId } });
  // Without the log the receipt can still be checked; only its `logRoot` is then not compared.
  const log = await client.call("getLog", { params: { jobId } }).catch(() => null);
  const { verifyReceipt } = await import("@nebula/client");
  const { chain } = campus;
  run.showVerification(
    await verifyReceipt(bundle, { chain, ...(run.spec ? { spec: run.spec } : {}), ...(log ? { log } : {}) }),
  );
}

async function saveLog({ session }: ReceiptContext, jobId: string): Promise<void> {
  download(document, `${jobId}.log`, logText(await session.client.call("getLog", { params: { jobId } })));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `0x${Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Saves what the job wrote to `/job/out`, each file only if its hash is the one that the job gives. */
async function saveFiles({ session }: ReceiptContext, jobId: string): Promise<void> {
  const { artefacts } = await session.client.call("getJob", { params: { jobId } });
  for (const { path, sha256: expected } of artefacts) {
    const bytes = new Uint8Array(
      await session.client.call("getArtefact", { params: { jobId }, query: { path } }),
    );
    if ((await sha256(bytes)) !== expected) {
      throw new Bug("INTERNAL", `The file ${path} arrived damaged; save it again`);
    }
    download(document, downloadName(path), bytes);
  }
}

/** Adds what can be done with a job that has ended. */
export function addReceiptCommands(commands: JupyterFrontEnd["commands"], context: ReceiptContext): void {
  const { selection, session, trans } = context;
  const add = (id: string, label: string, work: (run: JobRun, jobId: string) => Promise<void>): void => {
    commands.addCommand(id, {
      label,
      describedBy: { args: CELL_ARGS },
      isEnabled: (args) => session.state === "signed-in" && Boolean(selection.run(args)?.record),
      execute: async (args) => {
        const run = selection.run(args);
        const jobId = run?.record?.jobId;
        if (!run || jobId === undefined) return;
        await work(run, jobId).catch((error: unknown) => reportError(error, trans));
      },
    });
  };
  add(COMMANDS.showReceipt, trans.__("Show Receipt of Job"), (_, jobId) => showReceipt(context, jobId));
  add(COMMANDS.verifyReceipt, trans.__("Verify Receipt of Job"), (run, jobId) => verify(context, run, jobId));
  add(COMMANDS.saveFiles, trans.__("Save Files of Job"), (_, jobId) => saveFiles(context, jobId));
  add(COMMANDS.saveLog, trans.__("Save Full Log of Job"), (_, jobId) => saveLog(context, jobId));
}
