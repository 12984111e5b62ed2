export { startCampus, type CampusHandle, type CampusOptions } from "./campus/campus.ts";
export { PORT_BASE, portsFrom, type CampusPorts } from "./campus/ports.ts";
export { seedCampus, DEMO_COURSE } from "./campus/seed.ts";
export { runDemo, specOfNotebook, type DemoResult } from "./demo/run-demo.ts";
export { demoClient, readCampus } from "./demo/session.ts";
export { signInAs } from "./demo/sign-in.ts";
export { DEMO_ACCOUNTS } from "./parts/issuer/index.ts";
export { freePort, LOOPBACK } from "./process/ports.ts";
