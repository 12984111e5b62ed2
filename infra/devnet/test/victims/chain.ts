import { startChain } from "../../src/parts/chain/index.ts";

const [port = "", folder = ""] = process.argv.slice(2);
const chain = await startChain({
  port: Number(port),
  stateFolder: folder,
  logFile: `${folder}/anvil.log`,
  webOrigins: [],
  log: () => undefined,
});
console.log(JSON.stringify({ url: chain.url, ownerKey: chain.ownerKey, nodePid: await chain.nodePid() }));
