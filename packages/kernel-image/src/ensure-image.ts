import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Unavailable } from "@nebula/protocol";
import { buildBase } from "./build-base.ts";
import { imageTag, packagesTag } from "./inputs.ts";
import { installPackages } from "./install-packages.ts";
import { IMAGE_CHANGES, type ImageName, LABEL, PACKAGE_DIR, PACKAGES_PATH } from "./recipe.ts";
import { run, runPiped, succeeds } from "./run-command.ts";
import { type BuildOptions, openWorkshop, type Workshop } from "./workshop.ts";
import { withLock } from "./build-lock.ts";

/** An image that is there. */
export interface KernelImage {
  readonly name: ImageName;
  /** Such as `nebula/kernel-minimal:0123456789ab`. */
  readonly tag: string;
  /** The engine's id, `sha256:…`: what an allow-list of images holds. */
  readonly id: string;
  readonly sizeBytes: number;
  /** False where the image was there already. */
  readonly isNew: boolean;
}

/**
 * The image of `name` for the present sources, built where the engine does not have it. Builds of several processes wait for
 * each other. Throws `Unavailable` that names what is missing and the remedy.
 */
export async function ensureImage(name: ImageName, options: BuildOptions = {}): Promise<KernelImage> {
  const tag = imageTag(name);
  await engineAnswers();
  if (await hasImage(tag)) return describe(name, { isNew: false });
  const workshop = openWorkshop(options);
  return withLock(join(workshop.cacheDir, "build.lock"), async () => {
    if (await hasImage(tag)) return describe(name, { isNew: false });
    if (!(await hasImage(packagesTag(name)))) await buildPackages(workshop, name);
    await workshop.step("add the runner", () => addRunner(workshop, name));
    return describe(name, { isNew: true });
  });
}

async function buildPackages(workshop: Workshop, name: ImageName): Promise<void> {
  const base = await buildBase(workshop);
  const root = join(workshop.cacheDir, `root-${name}`);
  try {
    await installPackages(workshop, name, { base, root });
    const pack = { file: "tar", args: ["-C", root, "--numeric-owner", "--exclude=./dev/*", "-c", "."] };
    const load = {
      file: "docker",
      args: ["import", "--change", `LABEL ${LABEL}.packages=${name}`, "-", packagesTag(name)],
    };
    await workshop.step("load the image", () => runPiped(pack, load));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Lays the runner on the packages, so that a change of it takes seconds. */
async function addRunner(workshop: Workshop, name: ImageName): Promise<void> {
  const layer = join(workshop.cacheDir, `runner-${name}`);
  const target = join(layer, PACKAGES_PATH, "nebula_kernel");
  await rm(layer, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const sources = join(PACKAGE_DIR, "nebula_kernel");
  await run({ file: "cp", args: ["-r", `${sources}/.`, target] });
  await rm(join(target, "__pycache__"), { recursive: true, force: true });
  const compile = ["-I", "-m", "compileall", "-q", `/${PACKAGES_PATH}/nebula_kernel`];
  const create = [
    "create",
    "--label",
    `${LABEL}=${name}`,
    "--network",
    "none",
    "--entrypoint",
    "/usr/bin/python3",
    packagesTag(name),
  ];
  const container = await run({ file: "docker", args: [...create, ...compile] });
  try {
    const owner = ["--owner=0", "--group=0", "--numeric-owner"];
    await runPiped(
      { file: "tar", args: ["-C", layer, ...owner, "-c", "."] },
      { file: "docker", args: ["cp", "-", `${container}:/`] },
    );
    await run({ file: "docker", args: ["start", "--attach", container] });
    const changes = [...IMAGE_CHANGES, `LABEL ${LABEL}=${name}`].flatMap((change) => ["--change", change]);
    await run({ file: "docker", args: ["commit", ...changes, container, imageTag(name)] });
  } finally {
    await run({ file: "docker", args: ["rm", "--force", container] });
    await rm(layer, { recursive: true, force: true });
  }
}

async function describe(name: ImageName, state: { isNew: boolean }): Promise<KernelImage> {
  const tag = imageTag(name);
  const text = await run({
    file: "docker",
    args: ["image", "inspect", "--format", "{{.Id}} {{.Size}}", tag],
  });
  const [id = "", size = "0"] = text.split(" ");
  return { name, tag, id, sizeBytes: Number(size), ...state };
}

async function hasImage(tag: string): Promise<boolean> {
  return succeeds({ file: "docker", args: ["image", "inspect", tag] });
}

async function engineAnswers(): Promise<void> {
  if (await succeeds({ file: "docker", args: ["version", "--format", "{{.Server.Version}}"] })) return;
  const remedy = "Install it (apt-get install -y docker.io), start it, and make sure that you may use it.";
  throw new Unavailable("INTERNAL", `No Docker Engine answers. ${remedy}`);
}
