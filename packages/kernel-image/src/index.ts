export { ensureImage, type KernelImage } from "./ensure-image.ts";
export { imageTag, packagesTag } from "./inputs.ts";
export { pruneImages } from "./prune-images.ts";
export { IMAGE_NAMES, LABEL, type ImageName } from "./recipe.ts";
export type { BuildOptions } from "./workshop.ts";
