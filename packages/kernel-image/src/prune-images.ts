import { imageTag, packagesTag } from "./inputs.ts";
import { IMAGE_NAMES, LABEL } from "./recipe.ts";
import { run } from "./run-command.ts";

/**
 * Removes images of this package that the present sources do not need, and gives their tags. Other images stay; one that a
 * container still uses stays too.
 */
export async function pruneImages(): Promise<readonly string[]> {
  const needed = new Set(IMAGE_NAMES.flatMap((name) => [imageTag(name), packagesTag(name)]));
  const removed: string[] = [];
  for (const tag of [...(await tagsOf(LABEL)), ...(await tagsOf(`${LABEL}.packages`))]) {
    if (needed.has(tag) || removed.includes(tag)) continue;
    try {
      await run({ file: "docker", args: ["image", "rm", tag] });
      removed.push(tag);
    } catch {
      // A container uses it, or a newer image stands on it.
    }
  }
  return removed;
}

async function tagsOf(label: string): Promise<readonly string[]> {
  const args = ["image", "ls", "--filter", `label=${label}`, "--format", "{{.Repository}}:{{.Tag}}"];
  const text = await run({ file: "docker", args });
  return text === "" ? [] : text.split("\n");
}
