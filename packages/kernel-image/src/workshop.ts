import { join } from "node:path";
import { REPOSITORY_DIR } from "./recipe.ts";

/** Where a build works and how it tells what it does. */
export interface Workshop {
  /** Holds the Debian base and unfinished roots; may be removed when no build runs. */
  readonly cacheDir: string;
  /** Holds uv where the machine has none. */
  readonly toolsDir: string;
  /** Path of uv, or undefined to look for it. */
  readonly uvPath: string | undefined;
  /** Does one step and logs its name and how long it took. */
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

export interface BuildOptions {
  /** Takes one line per finished step. */
  readonly log?: (line: string) => void;
  /** Folder of the campus' state; `.nebula` in the repository by default. */
  readonly stateDir?: string;
  /** Path of uv; looked for on PATH and else installed below the state folder. */
  readonly uvPath?: string;
}

/** A workshop as the options want it. */
export function openWorkshop(options: BuildOptions): Workshop {
  const stateDir = options.stateDir ?? join(REPOSITORY_DIR, ".nebula");
  return {
    cacheDir: join(stateDir, "kernel-image"),
    toolsDir: join(stateDir, "tools"),
    uvPath: options.uvPath,
    step: async (name, work) => {
      const startedAt = performance.now();
      const value = await work();
      options.log?.(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      return value;
    },
  };
}
