import { spawnTethered } from "../../src/process/tethered.ts";

const [logFile = ""] = process.argv.slice(2);
const program = spawnTethered({ command: "sleep", args: ["600"], logFile });
console.log(JSON.stringify({ pid: program.pid }));
