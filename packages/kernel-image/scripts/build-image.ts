import { parseArgs } from "node:util";
import { NebulaError } from "@nebula/protocol";
import { ensureImage, IMAGE_NAMES, type ImageName, imageTag, pruneImages } from "../src/index.ts";

const USAGE = `Builds the kernel images where the engine does not have them yet.

  --image NAME       ${IMAGE_NAMES.join(" or ")}; may be repeated, default: all
  --print-tag        print the tag for the present sources and build nothing
  --prune            remove images of this package that the present sources do not need
  --state-dir DIR    folder for the Debian base and tools, default .nebula
  --uv PATH          the uv to use`;

const { values } = parseArgs({
  options: {
    image: { type: "string", multiple: true },
    "print-tag": { type: "boolean" },
    prune: { type: "boolean" },
    "state-dir": { type: "string" },
    uv: { type: "string" },
    help: { type: "boolean" },
  },
});

try {
  await main();
} catch (error) {
  if (!(error instanceof NebulaError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  if (values.help === true) {
    console.log(USAGE);
    return;
  }
  if (values.prune === true) {
    console.log((await pruneImages()).join("\n") || "nothing to remove");
    return;
  }
  for (const name of namesOf(values.image)) {
    if (values["print-tag"] === true) console.log(imageTag(name));
    else await build(name);
  }
}

async function build(name: ImageName): Promise<void> {
  const stateDir = values["state-dir"];
  const image = await ensureImage(name, {
    log: (line) => console.log(`  ${line}`),
    ...(stateDir === undefined ? {} : { stateDir }),
    ...(values.uv === undefined ? {} : { uvPath: values.uv }),
  });
  const size = `${String(Math.round(image.sizeBytes / 1e6))} MB`;
  console.log(`${image.tag} ${image.isNew ? "built" : "is there"}, ${size}`);
}

function namesOf(asked: readonly string[] | undefined): readonly ImageName[] {
  const unknown = asked?.filter((name) => !IMAGE_NAMES.some((known) => known === name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`--image: expected ${IMAGE_NAMES.join(" or ")}, found ${unknown.join(", ")}`);
  return IMAGE_NAMES.filter((name) => asked === undefined || asked.includes(name));
}
