import { statfs } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { missing, ready } from "../step.ts";
import type { SetupStep } from "../step.ts";

const GIB = 2 ** 30;
/** Python, the kernel image and its build take about 4 GiB; without them state grows slowly. */
const NEEDED_FIRST_GIB = 5;
const NEEDED_LATER_GIB = 1;

/** Enough room for what is installed and built below the state folder. */
export const diskSpace: SetupStep = {
  name: "disk space",
  purposes: ["start", "tests"],
  async check({ home }) {
    const isSetUp = existsSync(`${home}/tools/lab`);
    const neededGiB = isSetUp ? NEEDED_LATER_GIB : NEEDED_FIRST_GIB;
    const { bavail, bsize } = await statfs(isSetUp ? home : dirname(home));
    const freeGiB = (bavail * bsize) / GIB;
    const found = `${freeGiB.toFixed(1)} GiB free`;
    return freeGiB >= neededGiB
      ? ready(found)
      : missing(`${found}, ${neededGiB} GiB needed in ${dirname(home)}`);
  },
  remedy: async ({ home }) => [`df -h ${dirname(home)}   # then make room there`],
};
