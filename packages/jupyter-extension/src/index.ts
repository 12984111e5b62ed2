import { balancePlugin } from "./plugins/balance.ts";
import { campusPlugin } from "./plugins/campus.ts";
import { jobsPlugin } from "./plugins/jobs.ts";
import { runPlugin } from "./plugins/run.ts";
import { stripsPlugin } from "./plugins/strips.ts";

export { ICampus, INotebookJobs } from "./tokens.ts";

export default [campusPlugin, jobsPlugin, runPlugin, stripsPlugin, balancePlugin];
