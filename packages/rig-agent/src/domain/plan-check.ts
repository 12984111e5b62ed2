import { Bug } from "@nebula/protocol";
import { FIRST_UID, LABELS, type ContainerPlan, type HostPlan } from "./plan.ts";

/*
 * Refuses a plan that is weaker than agreed. It knows nothing of how plans are built: what it checks is written down a second time, so
 * that a slip in one place is caught by the other.
 */

type Check<Value> = readonly [rule: string, holds: (value: Value) => boolean];

const PIDS_MAX = 512;
const OPEN_FILES_MAX = 4_096;
const UID_LAST = FIRST_UID + 9_999;
const ENVIRONMENT_ALLOWED =
  /^(HOME|TMPDIR|LANG|PYTHONUNBUFFERED|PYDEVD_DISABLE_FILE_VALIDATION|[A-Z]+_NUM_THREADS|NEBULA_[A-Z_]+)=|^NVIDIA_VISIBLE_DEVICES=void$/;
const SCRATCH = /^rw,exec,nosuid,nodev,size=\d+m,nr_inodes=\d+,mode=(1777|0700),uid=(\d+),gid=\2$/;

const same = (value: unknown, expected: unknown): boolean =>
  JSON.stringify(value) === JSON.stringify(expected);
const isSubset = (keys: readonly string[], allowed: readonly string[]): boolean =>
  keys.every((key) => allowed.includes(key));

const PLAN_FIELDS = [
  "Image",
  "User",
  "Entrypoint",
  "Cmd",
  "Env",
  "WorkingDir",
  "Labels",
  "Tty",
  "OpenStdin",
  "StdinOnce",
  "AttachStdin",
  "AttachStdout",
  "AttachStderr",
  "NetworkDisabled",
  "Healthcheck",
  "StopSignal",
  "HostConfig",
];
const HOST_FIELDS = [
  "Privileged",
  "CapDrop",
  "CapAdd",
  "SecurityOpt",
  "ReadonlyRootfs",
  "Tmpfs",
  "Binds",
  "Mounts",
  "Devices",
  "DeviceRequests",
  "Memory",
  "MemorySwap",
  "OomScoreAdj",
  "OomKillDisable",
  "NanoCpus",
  "PidsLimit",
  "ShmSize",
  "Ulimits",
  "NetworkMode",
  "IpcMode",
  "PidMode",
  "UTSMode",
  "UsernsMode",
  "CgroupnsMode",
  "Init",
  "AutoRemove",
  "RestartPolicy",
  "LogConfig",
];

function isOwnUid(user: string): boolean {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(user) ?? [];
  return uid !== undefined && uid === gid && Number(uid) >= FIRST_UID && Number(uid) <= UID_LAST;
}

const PLAN_CHECKS: readonly Check<ContainerPlan>[] = [
  ["only known fields", (plan) => isSubset(Object.keys(plan), PLAN_FIELDS)],
  ["image by digest", (plan) => /^sha256:[0-9a-f]{64}$/.test(plan.Image)],
  ["a user id of its own", (plan) => isOwnUid(plan.User)],
  ["entrypoint forced", (plan) => plan.Entrypoint.length > 0 && same(plan.Cmd, [])],
  ["environment from the list", (plan) => plan.Env.every((entry) => ENVIRONMENT_ALLOWED.test(entry))],
  ["no terminal", (plan) => same(plan.Tty, false)],
  ["network disabled", (plan) => same(plan.NetworkDisabled, true)],
  ["no health check", (plan) => same(plan.Healthcheck, { Test: ["NONE"] })],
  ["labels", (plan) => Object.values(LABELS).every((label) => (plan.Labels[label] ?? "") !== "")],
];

const HOST_CHECKS: readonly Check<HostPlan>[] = [
  ["only known fields", (host) => isSubset(Object.keys(host), HOST_FIELDS)],
  ["not privileged", (host) => same(host.Privileged, false)],
  ["no capabilities", (host) => same([host.CapDrop, host.CapAdd], [["ALL"], []])],
  ["no new privileges, default filters", (host) => same(host.SecurityOpt, ["no-new-privileges:true"])],
  ["read-only root", (host) => same(host.ReadonlyRootfs, true)],
  [
    "scratch space",
    (host) =>
      same(Object.keys(host.Tmpfs).sort(), ["/job", "/tmp"]) &&
      Object.values(host.Tmpfs).every((options) => SCRATCH.test(options)),
  ],
  ["nothing of the host mounted", (host) => same([host.Binds, host.Mounts, host.Devices], [[], [], []])],
  [
    "GPUs by uuid",
    (host) =>
      host.DeviceRequests.every(
        ({ DeviceIDs }) => DeviceIDs.length === 1 && DeviceIDs.every((id) => /^(GPU|MIG)-/.test(id)),
      ),
  ],
  [
    "memory without swap",
    (host) => host.Memory > 0 && host.MemorySwap === host.Memory && same(host.OomKillDisable, false),
  ],
  ["processor share", (host) => host.NanoCpus > 0],
  ["process limit", (host) => host.PidsLimit > 0 && host.PidsLimit <= PIDS_MAX],
  ["dies before the owner's programs", (host) => host.OomScoreAdj >= 500],
  ["open files and no core dumps", hasLimits],
  ["no network", (host) => same(host.NetworkMode, "none")],
  [
    "namespaces of its own",
    (host) =>
      same(
        [host.IpcMode, host.CgroupnsMode, host.PidMode, host.UTSMode, host.UsernsMode],
        ["private", "private", "", "", ""],
      ),
  ],
  ["the runner is the first process", (host) => same(host.Init, false)],
  ["its end can be read", (host) => same([host.AutoRemove, host.RestartPolicy], [false, { Name: "no" }])],
  ["no logs of the engine's", (host) => same(host.LogConfig, { Type: "none" })],
];

function hasLimits(host: HostPlan): boolean {
  const limit = (name: string): number =>
    host.Ulimits.find(({ Name }) => Name === name)?.Hard ?? Number.POSITIVE_INFINITY;
  return limit("nofile") <= OPEN_FILES_MAX && limit("core") === 0;
}

function broken<Value>(checks: readonly Check<Value>[], value: Value): string[] {
  return checks.filter(([, holds]) => !holds(value)).map(([rule]) => rule);
}

/** Throws `Bug`, naming the rules, when the plan is weaker than agreed. */
export function checkPlan(plan: ContainerPlan): void {
  const rules = [...broken(PLAN_CHECKS, plan), ...broken(HOST_CHECKS, plan.HostConfig)];
  if (rules.length > 0)
    throw new Bug("INTERNAL", `The container's plan breaks: ${rules.join("; ")}`, { data: { rules } });
}
