import type { SetupStep } from "../step.ts";
import { chromium } from "./chromium.ts";
import { debootstrap } from "./debootstrap.ts";
import { diskSpace } from "./disk-space.ts";
import { dockerEngine } from "./docker-engine.ts";
import { courseworkImage, minimalImage } from "./kernel-image.ts";
import { lab } from "./lab.ts";
import { openFolders } from "./open-folders.ts";
import { python } from "./python.ts";

/** Everything a machine needs, in the order in which one builds on the other. */
export const STEPS: readonly SetupStep[] = [
  diskSpace,
  openFolders,
  dockerEngine,
  python,
  debootstrap,
  chromium,
  lab,
  courseworkImage,
  minimalImage,
];
