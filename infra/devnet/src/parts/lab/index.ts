import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LOOPBACK, assertPortFree } from "../../process/ports.ts";
import { randomSecret, secretFile, writeDurably } from "../../process/private-file.ts";
import { REPOSITORY } from "../../process/repository.ts";
import { spawnTethered } from "../../process/tethered.ts";
import type { TetheredProcess } from "../../process/tethered.ts";
import { waitUntil } from "../../process/wait-until.ts";
import type { PartFolders } from "../postgres/index.ts";
import { layOutCourses } from "./courses.ts";

export { ensureLabExtension } from "./extension.ts";

export interface LabOptions extends PartFolders {
  readonly port: number;
  /** The virtual environment with JupyterLab. */
  readonly environment: string;
  /** The student's folder: lessons are laid there, and everything he makes stays there. */
  readonly notebookFolder: string;
  /** Address of the campus server, preset in the extension's settings. */
  readonly serverUrl: string;
  /** Folder of the built notebook extension, from `ensureLabExtension`; undefined: JupyterLab as it is. */
  readonly extension: string | undefined;
}

/** A running JupyterLab. Disposing shuts it and its kernels down. */
export interface LabHandle extends AsyncDisposable {
  /** Origin, without the token. */
  readonly url: string;
  /** Address to open: it signs the browser in. */
  readonly urlWithToken: string;
  readonly exited: TetheredProcess["exited"];
}

/** Starts JupyterLab with the notebook extension and the lessons. Throws `StartFailed` when a part of it is missing. */
export async function startLab(options: LabOptions): Promise<LabHandle> {
  const inState = (name: string): string => join(options.stateFolder, name);
  await mkdir(options.stateFolder, { recursive: true, mode: 0o700 });
  await assertPortFree(options.port, "lab");
  await offerExtension(inState("labextensions"), options.extension);
  await presetSettings(inState("settings"), options.serverUrl);
  await layOutCourses({
    source: join(REPOSITORY, "courses"),
    target: options.notebookFolder,
    record: inState("courses.json"),
  });
  const token = await secretFile(inState("token"), () => randomSecret(24));
  await using stack = new AsyncDisposableStack();
  const server = stack.use(startServer(options, token));
  const url = `http://${LOOPBACK}:${options.port}`;
  const { logFile } = options;
  const wait = { part: "lab", what: "JupyterLab", timeoutMs: 60_000, logFile, process: server } as const;
  await waitUntil(() => answers(url, token), wait);
  const owned = stack.move();
  return {
    url,
    urlWithToken: `${url}/lab?token=${token}`,
    exited: server.exited,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function startServer(options: LabOptions, token: string): TetheredProcess {
  return spawnTethered({
    command: join(options.environment, "bin/jupyter"),
    args: labArguments(options),
    logFile: options.logFile,
    cwd: options.notebookFolder,
    env: labEnvironment(options, token),
  });
}

async function offerExtension(folder: string, extension: string | undefined): Promise<void> {
  const link = join(folder, "@nebula/jupyter-extension");
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { force: true });
  if (extension !== undefined) await symlink(extension, link);
}

async function presetSettings(folder: string, serverUrl: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const settings = {
    "@nebula/jupyter-extension:plugin": { serverUrl },
    "@jupyterlab/apputils-extension:notification": { checkForUpdates: false, fetchNews: "false" },
  };
  await writeDurably(join(folder, "overrides.json"), JSON.stringify(settings));
}

function labArguments(options: LabOptions): string[] {
  const settings = {
    "ServerApp.ip": LOOPBACK,
    "ServerApp.port": String(options.port),
    "ServerApp.port_retries": "0",
    "ServerApp.root_dir": options.notebookFolder,
    "LabApp.app_settings_dir": join(options.stateFolder, "settings"),
    "LabApp.extra_labextensions_path": join(options.stateFolder, "labextensions"),
    "LabApp.extension_manager": "readonly",
  };
  const root = process.getuid?.() === 0 ? ["--allow-root"] : [];
  return [
    "lab",
    "--no-browser",
    ...root,
    ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
  ];
}

// Nothing of the person's own Jupyter set-up comes in, and nothing of ours goes out into it.
function labEnvironment(options: LabOptions, token: string): Record<string, string | undefined> {
  const inState = (name: string): string => join(options.stateFolder, name);
  return {
    ...process.env,
    JUPYTER_TOKEN: token,
    JUPYTER_PREFER_ENV_PATH: "1",
    JUPYTER_CONFIG_DIR: inState("config"),
    JUPYTER_DATA_DIR: inState("data"),
    JUPYTER_RUNTIME_DIR: inState("runtime"),
    JUPYTERLAB_SETTINGS_DIR: inState("user-settings"),
    JUPYTERLAB_WORKSPACES_DIR: inState("workspaces"),
    IPYTHONDIR: inState("ipython"),
  };
}

async function answers(url: string, token: string): Promise<void> {
  const response = await fetch(`${url}/api/status`, { headers: { authorization: `token ${token}` } });
  if (!response.ok) throw new Error(`status ${response.status}`);
}
