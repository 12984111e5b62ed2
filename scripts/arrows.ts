/** Checks the arrows between packages and layers; the rules stand in .dependency-cruiser.cjs. */
import { join } from "node:path";
import { cruiseTree, unseenFolders } from "./arrows/cruise-tree.ts";

const cruise = await cruiseTree(join(import.meta.dirname, ".."));
const unseen = unseenFolders(cruise);

for (const { rule, comment, from, to } of cruise.faults)
  console.error(`${from} → ${to}: ${rule} (${comment})`);
for (const folder of unseen) console.error(`${folder}: no module was seen`);
console.log(`${cruise.modules.length} modules, ${cruise.faults.length} faults`);
if (cruise.faults.length + unseen.length > 0 || cruise.modules.length === 0) process.exitCode = 1;
