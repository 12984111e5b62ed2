import { ensureImage, imageTag } from "@nebula/kernel-image";
import type { ImageName } from "@nebula/kernel-image";
import { runCommand } from "../../process/run-command.ts";
import { missing, ready } from "../step.ts";
import type { Purpose, SetupStep } from "../step.ts";

/** A kernel image of the present sources. */
function kernelImage(image: ImageName, purposes: readonly Purpose[]): SetupStep {
  return {
    name: `kernel image ${image}`,
    purposes,
    async check() {
      const tag = imageTag(image);
      const { status } = await runCommand("docker", ["image", "inspect", "--format", "{{.Id}}", tag]);
      return status === 0 ? ready(tag) : missing("it is not built yet");
    },
    async install({ home, log }) {
      await ensureImage(image, { stateDir: home, log });
    },
    remedy: async () => [
      `node_modules/.bin/node --conditions=@nebula/source packages/kernel-image/scripts/build-image.ts --image ${image}`,
    ],
  };
}

/** The image that courses run in. */
export const courseworkImage = kernelImage("coursework", ["start", "tests"]);
/** The small image that tests run in. */
export const minimalImage = kernelImage("minimal", ["tests"]);
