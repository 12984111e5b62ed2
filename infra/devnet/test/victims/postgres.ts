import { startPostgres } from "../../src/parts/postgres/index.ts";

const [port = "", folder = ""] = process.argv.slice(2);
const database = await startPostgres({ port: Number(port), stateFolder: folder, logFile: `${folder}.log` });
console.log(JSON.stringify({ url: database.url }));
