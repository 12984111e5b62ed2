import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startLab } from "../src/parts/lab/index.ts";
import { freePort } from "../src/process/ports.ts";
import { DEFAULT_HOME } from "../src/process/repository.ts";
import { labFolder } from "../src/setup/index.ts";
import { temporaryFolder } from "./support/folder.ts";

const environment = labFolder(DEFAULT_HOME);
const why = existsSync(join(environment, "bin/jupyter"))
  ? undefined
  : "JupyterLab is not installed; setup installs it";

/** As small as an extension can be that JupyterLab loads. */
async function anExtension(root: string): Promise<string> {
  const folder = join(root, "labextension");
  await mkdir(join(folder, "schemas/@nebula/jupyter-extension"), { recursive: true });
  const properties = { serverUrl: { type: "string", default: "http://elsewhere.example" } };
  const schema = { title: "Nebula", type: "object", properties, additionalProperties: false };
  await writeFile(join(folder, "schemas/@nebula/jupyter-extension/plugin.json"), JSON.stringify(schema));
  const build = { load: "static/remoteEntry.js", extension: "./extension" };
  const jupyterlab = { extension: true, schemaDir: "schemas", _build: build };
  const description = { name: "@nebula/jupyter-extension", version: "0.0.0", jupyterlab };
  await writeFile(join(folder, "package.json"), JSON.stringify(description));
  return folder;
}

test("JupyterLab comes up with the extension, the campus's address and the lessons, behind its token", async (context) => {
  if (why !== undefined) context.skip(why);
  await using folder = await temporaryFolder();
  await using lab = await startLab({
    port: await freePort(),
    environment,
    stateFolder: join(folder.path, "lab"),
    notebookFolder: join(folder.path, "notebooks"),
    logFile: join(folder.path, "log"),
    serverUrl: "http://127.0.0.1:8700",
    extension: await anExtension(folder.path),
  });
  const token = new URL(lab.urlWithToken).searchParams.get("token") ?? "";
  const get = (path: string): Promise<Response> =>
    fetch(lab.url + path, { headers: { authorization: `token ${token}` } });

  expect((await fetch(`${lab.url}/api/contents`)).status).toBe(403);
  expect(await (await fetch(lab.urlWithToken)).text()).toContain('"name": "@nebula/jupyter-extension"');
  const settings = (await (await get("/lab/api/settings/@nebula/jupyter-extension:plugin")).json()) as {
    schema: { properties: { serverUrl: { default: string } } };
  };
  expect(settings.schema.properties.serverUrl.default).toBe("http://127.0.0.1:8700");
  expect((await get("/api/contents/01-cnn/01-cnn.ipynb")).status).toBe(200);
});
