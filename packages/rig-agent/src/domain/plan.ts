/** What the engine is asked to create for one attempt: the engine API's own names, and no field beyond these. */
export interface ContainerPlan {
  readonly Image: string;
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Tty: false;
  readonly OpenStdin: true;
  readonly StdinOnce: true;
  readonly AttachStdin: true;
  readonly AttachStdout: true;
  readonly AttachStderr: true;
  readonly NetworkDisabled: true;
  readonly Healthcheck: { readonly Test: readonly ["NONE"] };
  readonly StopSignal: "SIGTERM";
  readonly HostConfig: HostPlan;
}

export interface HostPlan {
  readonly Privileged: false;
  readonly CapDrop: readonly ["ALL"];
  readonly CapAdd: readonly [];
  readonly SecurityOpt: readonly ["no-new-privileges:true"];
  readonly ReadonlyRootfs: true;
  readonly Tmpfs: Readonly<Record<string, string>>;
  readonly Binds: readonly [];
  readonly Mounts: readonly [];
  readonly Devices: readonly [];
  readonly DeviceRequests: readonly DeviceRequest[];
  readonly Memory: number;
  readonly MemorySwap: number;
  readonly OomScoreAdj: number;
  readonly OomKillDisable: false;
  readonly NanoCpus: number;
  readonly PidsLimit: number;
  readonly ShmSize: number;
  readonly Ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly NetworkMode: "none";
  readonly IpcMode: "private";
  readonly PidMode: "";
  readonly UTSMode: "";
  readonly UsernsMode: "";
  readonly CgroupnsMode: "private";
  readonly Init: false;
  readonly AutoRemove: false;
  readonly RestartPolicy: { readonly Name: "no" };
  readonly LogConfig: { readonly Type: "none" };
}

export interface DeviceRequest {
  readonly Driver: "nvidia";
  readonly DeviceIDs: readonly string[];
  readonly Capabilities: readonly (readonly string[])[];
}

/** Labels by which the agent finds its containers again. */
export const LABELS = {
  rig: "nebula.rig",
  attempt: "nebula.attempt",
  fence: "nebula.fence",
  spec: "nebula.spec",
  deadline: "nebula.deadline",
} as const;

export interface PlanRequest {
  readonly rigId: string;
  readonly attempt: string;
  readonly fence: number;
  readonly specHash: string;
  /** The image by its own digest, and the program that it is forced to start. */
  readonly image: { readonly id: string; readonly entrypoint: readonly string[] };
  readonly limits: {
    readonly cpus: number;
    readonly memoryMiB: number;
    readonly pids: number;
    readonly runMs: number;
  };
  /** Place of the slot in the rig's list, 0–9,999: each slot has a user id of its own. */
  readonly slotIndex: number;
  readonly gpuUuid: string | null;
}

export const FIRST_UID = 20_000;
const MIB = 1024 * 1024;
const PIDS_MAX = 512;
const OPEN_FILES = 4_096;

function environmentOf(request: PlanRequest): string[] {
  const threads = String(Math.max(1, Math.floor(request.limits.cpus)));
  const values = {
    HOME: "/job",
    TMPDIR: "/tmp",
    LANG: "C.UTF-8",
    PYTHONUNBUFFERED: "1",
    PYDEVD_DISABLE_FILE_VALIDATION: "1",
    // Numeric libraries otherwise take every core of the host.
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    MKL_NUM_THREADS: threads,
    NUMEXPR_NUM_THREADS: threads,
    NEBULA_CPUS: String(request.limits.cpus),
    NEBULA_MEMORY_MIB: String(request.limits.memoryMiB),
    // An image's own setting could otherwise claim every GPU where the GPU runtime is the default one.
    ...(request.gpuUuid === null ? { NVIDIA_VISIBLE_DEVICES: "void" } : {}),
  };
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

function scratch(options: { sizeMiB: number; inodes: number; uid: number; mode: string }): string {
  const { sizeMiB, inodes, uid, mode } = options;
  const size = String(Math.max(16, Math.floor(sizeMiB)));
  return `rw,exec,nosuid,nodev,size=${size}m,nr_inodes=${String(inodes)},mode=${mode},uid=${String(uid)},gid=${String(uid)}`;
}

function hostOf(request: PlanRequest, uid: number): HostPlan {
  const { cpus, memoryMiB, pids } = request.limits;
  const memory = memoryMiB * MIB;
  return {
    Privileged: false,
    CapDrop: ["ALL"],
    CapAdd: [],
    SecurityOpt: ["no-new-privileges:true"],
    ReadonlyRootfs: true,
    Tmpfs: {
      "/tmp": scratch({ sizeMiB: memoryMiB / 4, inodes: 100_000, uid, mode: "1777" }),
      "/job": scratch({ sizeMiB: memoryMiB / 2, inodes: 100_000, uid, mode: "0700" }),
    },
    Binds: [],
    Mounts: [],
    Devices: [],
    DeviceRequests:
      request.gpuUuid === null
        ? []
        : [{ Driver: "nvidia", DeviceIDs: [request.gpuUuid], Capabilities: [["gpu", "compute", "utility"]] }],
    Memory: memory,
    MemorySwap: memory,
    OomScoreAdj: 500,
    OomKillDisable: false,
    NanoCpus: Math.round(cpus * 1e9),
    PidsLimit: Math.min(pids, PIDS_MAX),
    ShmSize: Math.floor(memory / 4),
    Ulimits: [
      { Name: "nofile", Soft: OPEN_FILES, Hard: OPEN_FILES },
      { Name: "core", Soft: 0, Hard: 0 },
    ],
    NetworkMode: "none",
    IpcMode: "private",
    PidMode: "",
    UTSMode: "",
    UsernsMode: "",
    CgroupnsMode: "private",
    Init: false,
    AutoRemove: false,
    RestartPolicy: { Name: "no" },
    LogConfig: { Type: "none" },
  };
}

/** The container of one attempt. The only place that builds create options; `checkPlan` refuses anything weaker. */
export function buildPlan(request: PlanRequest): ContainerPlan {
  const uid = FIRST_UID + request.slotIndex;
  return {
    Image: request.image.id,
    User: `${String(uid)}:${String(uid)}`,
    Entrypoint: request.image.entrypoint,
    Cmd: [],
    Env: environmentOf(request),
    WorkingDir: "/job",
    Labels: {
      [LABELS.rig]: request.rigId,
      [LABELS.attempt]: request.attempt,
      [LABELS.fence]: String(request.fence),
      [LABELS.spec]: request.specHash,
      [LABELS.deadline]: String(request.limits.runMs),
    },
    Tty: false,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    NetworkDisabled: true,
    Healthcheck: { Test: ["NONE"] },
    StopSignal: "SIGTERM",
    HostConfig: hostOf(request, uid),
  };
}

/** The attempt's container as the engine names it. */
export function containerNameOf(attempt: string): string {
  return `nebula-${attempt}`;
}

const FOREIGN_NAMES = /^(NVIDIA_|DOCKER_|LD_)/;

/** The job's own environment without the names that would reach past the container's walls. */
export function jobEnvironment(wanted: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => !FOREIGN_NAMES.test(name)));
}
