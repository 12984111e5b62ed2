import { imageTag } from "@nebula/kernel-image";
import { runCommand } from "../process/run-command.ts";
import { StartFailed } from "../errors.ts";

const TITLES = {
  coursework: "Coursework: Keras 3 on JAX, NumPy, Matplotlib",
  minimal: "Minimal: Python and its standard library",
} as const;

/** A kernel image as the server offers it. */
export interface OfferedImage {
  readonly name: string;
  readonly title: string;
  readonly tag: string;
}

/** The kernel images of the present sources that this machine has. Throws `StartFailed` without the coursework image. */
export async function campusImages(): Promise<OfferedImage[]> {
  const images: OfferedImage[] = [];
  for (const name of ["coursework", "minimal"] as const) {
    const tag = imageTag(name);
    const { status } = await runCommand("docker", ["image", "inspect", "--format", "{{.Id}}", tag]);
    if (status === 0) images.push({ name, title: TITLES[name], tag });
    else if (name === "coursework")
      throw new StartFailed("setup", `The engine has no image ${tag}.`, {
        remedy: "Run npm start, which builds it.",
      });
  }
  return images;
}
